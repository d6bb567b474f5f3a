// Draws lanes with their turns and waveforms, and says what lies under a point.

import { pageColours } from "./colours.js"
import { speakerColour } from "./palette.js"
import { Ruler, RULER_HEIGHT } from "./ruler.js"

const EDGE = 6 // pixels from a turn's edge that trim
const INSET = 3
const ROUND = 4
const SHARPEST = 3

export class LanesCanvas {
  constructor() {
    this.element = document.createElement("canvas")
    this.ruler = new Ruler()
    this.height = 0
    this.above = 0 // pixels between the ruler and the lanes
  }

  get top() {
    return RULER_HEIGHT + this.above
  }

  /** Take on the element's size on the screen; whether it has one. */
  measure() {
    const { clientWidth, clientHeight } = this.element
    if (!clientWidth || !clientHeight) return false
    const shown = this.element.getBoundingClientRect().width / clientWidth
    this.sharpness = Math.min(SHARPEST, Math.max(1, Math.ceil(devicePixelRatio * shown)))
    const [width, height] = [clientWidth * this.sharpness, clientHeight * this.sharpness]
    if (this.element.width !== width || this.element.height !== height) Object.assign(this.element, { width, height })
    this.ruler.width = clientWidth
    this.height = clientHeight
    return true
  }

  laneHeight(speakers) {
    return (this.height - RULER_HEIGHT - this.above) / speakers
  }

  /** A pointer's place in pixels of the element, whatever the zoom of ComfyUI's canvas. */
  point(event) {
    const box = this.element.getBoundingClientRect()
    return {
      x: ((event.clientX - box.left) / box.width) * this.element.clientWidth,
      y: ((event.clientY - box.top) / box.height) * this.element.clientHeight,
    }
  }

  /** What is at a point: { part: "ruler" | "lane" | "turn" | "start" | "end", speaker, place }. */
  at({ x, y }, turns, speakers) {
    if (y < RULER_HEIGHT) return { part: "ruler" }
    const speaker = Math.min(speakers, 1 + Math.floor((y - this.top) / this.laneHeight(speakers)))
    const second = this.ruler.second(x)
    const edge = EDGE / this.ruler.scale
    const near = (turn) => turn.speaker === speaker && second >= turn.start - edge && second <= turn.end + edge
    const inside = (turn) => second >= turn.start && second <= turn.end
    let place = turns.findLastIndex((turn) => near(turn) && inside(turn))
    if (place < 0) place = turns.findLastIndex(near)
    if (place < 0) return { part: "lane", speaker }
    const { start, end } = turns[place]
    const reach = Math.min(edge, (end - start) / 4)
    const part = second < start + reach ? "start" : second > end - reach ? "end" : "turn"
    return { part, speaker, place }
  }

  /** @param {number} [head] the second under the play head, if there is one */
  draw({ turns, speakers, voices, remarks, selected, head, seconds, fps, focused }) {
    const colours = pageColours()
    const pen = this.element.getContext("2d")
    pen.setTransform(this.sharpness, 0, 0, this.sharpness, 0, 0)
    pen.fillStyle = colours.ground
    pen.fillRect(0, 0, this.ruler.width, this.height)
    const tall = this.laneHeight(speakers)
    pen.fillStyle = colours.line
    for (let lane = 0; lane < speakers; lane++) pen.fillRect(0, this.top + lane * tall, this.ruler.width, 1)
    this.ruler.draw(pen, this.height, colours, fps)
    this.#remarks(pen, remarks, colours, tall)
    const until = this.ruler.second(this.ruler.width)
    turns.forEach((turn, place) => {
      if (turn.end < this.ruler.first || turn.start > until) return
      this.#turn(pen, turn, { tall, voice: voices.get(turn.voiceOf), colours, chosen: place === selected, focused })
    })
    this.#beyond(pen, seconds, colours)
    if (head !== undefined) this.#head(pen, head, colours)
  }

  #turn(pen, turn, { tall, voice, colours, chosen, focused }) {
    const left = this.ruler.x(turn.start)
    const width = Math.max(2, this.ruler.x(turn.end) - left)
    const top = this.top + (turn.speaker - 1) * tall + INSET
    const height = tall - 2 * INSET
    const outline = new Path2D()
    outline.roundRect(left, top, width, height, Math.min(ROUND, width / 2))
    pen.fillStyle = turn.muted ? "transparent" : speakerColour(turn.speaker, 0.22)
    pen.fill(outline)
    if (voice) this.#wave(pen, turn, voice.peaks, { left, width, middle: top + height / 2, reach: height / 2 - 2 })
    pen.setLineDash(turn.muted ? [3, 3] : [])
    pen.lineWidth = chosen ? 2 : 1
    pen.strokeStyle = chosen && focused ? colours.bright : speakerColour(turn.speaker, chosen ? 1 : 0.55)
    pen.stroke(outline)
    pen.setLineDash([])
  }

  #wave(pen, turn, peaks, { left, width, middle, reach }) {
    const first = Math.max(0, Math.floor(left))
    const last = Math.min(this.ruler.width, Math.ceil(left + width))
    const shift = turn.voiceStart - turn.start
    pen.fillStyle = speakerColour(turn.speaker, turn.muted ? 0.25 : 0.9)
    pen.beginPath()
    for (let x = first; x < last; x++) {
      const [from, to] = [this.ruler.second(x), this.ruler.second(x + 1)]
      const level = peaks.between(Math.max(from, turn.start) + shift, Math.min(to, turn.end) + shift)
      const half = Math.max(0.5, level * reach)
      pen.rect(x, middle - half, 1, 2 * half)
    }
    pen.fill()
  }

  #remarks(pen, remarks, colours, tall) {
    pen.font = "11px Inter, Arial, sans-serif"
    pen.textBaseline = "middle"
    pen.fillStyle = colours.faint
    remarks.forEach((remark, lane) => {
      if (remark) pen.fillText(remark, 8, this.top + (lane + 0.5) * tall)
    })
  }

  /** Shade what lies after the film's end. */
  #beyond(pen, seconds, colours) {
    const x = Math.max(0, this.ruler.x(seconds))
    if (x >= this.ruler.width) return
    pen.globalAlpha = 0.25
    pen.fillStyle = colours.line
    pen.fillRect(x, RULER_HEIGHT, this.ruler.width - x, this.height)
    pen.globalAlpha = 1
  }

  #head(pen, head, colours) {
    const x = Math.round(this.ruler.x(head))
    pen.fillStyle = colours.bright
    pen.fillRect(x, 0, 1, this.height)
    pen.beginPath()
    pen.moveTo(x - 4, 0)
    pen.lineTo(x + 5, 0)
    pen.lineTo(x + 0.5, 7)
    pen.fill()
  }
}
