// The timeline of Encode MultiTalk Audio: lanes that are drawn, dragged, played and operated by keys.

import { clock } from "./clips.js"
import { facesFor } from "./faces.js"
import { LaneHeads } from "./lane_heads.js"
import { LanesCanvas } from "./lanes_canvas.js"
import { words } from "./locale.js"
import { Player } from "./player.js"
import { spokenTurns } from "./speech.js"
import { act } from "./timeline_actions.js"
import { keyOf } from "./timeline_keys.js"
import { nameOf, summary, turnSentence } from "./timeline_words.js"
import { Toolbar } from "./toolbar.js"
import { CURSORS, TurnDrag } from "./turn_drag.js"
import { TurnOptions } from "./turn_options.js"

const SLACK = 1.05 // of the film's length, so that its end can be dragged

export class TimelineView {
  /**
   * @param {EncoderTable} table
   * @param {object} memory what is left of the view when ComfyUI makes the node again, as undo does
   * @param {(first, second) => void} exchange the voices of two speakers on their sockets
   */
  constructor(table, memory, exchange) {
    this.table = table
    this.memory = Object.assign(memory, { selected: -1, head: 0, solo: new Set(), ...memory })
    this.exchange = exchange
    this.canvas = new LanesCanvas()
    this.canvas.element.className = "lanes"
    this.player = new Player()
    this.drag = null
    this.#build()
    this.#listen()
  }

  /** What everything here is drawn from, to see whether it has changed. */
  get signature() {
    return this.table.signature + JSON.stringify(facesFor(this.table.node))
  }

  /** Read the inputs again and draw. */
  refresh() {
    this.table.read()
  }

  get turns() {
    return this.drag?.turns ?? this.table.turns
  }

  get selected() {
    return this.memory.selected < this.turns.length ? this.memory.selected : -1
  }

  /** What the ruler can show, in seconds. */
  get longest() {
    return Math.max(1, this.table.seconds, ...this.turns.map((turn) => turn.end)) * SLACK
  }

  /** Draw soon; several wishes at once draw once. */
  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null
      this.#draw()
      if (this.player.playing) this.draw()
    })
  }

  #build() {
    this.toolbar = new Toolbar((name) => this.press(name))
    this.heads = new LaneHeads({ solo: (speaker) => this.#solo(speaker), swap: (...two) => this.swap(...two) })
    this.options = new TurnOptions(this.canvas.element)
    const body = document.createElement("div")
    body.className = "body"
    body.append(this.heads.element, this.canvas.element)
    this.status = document.createElement("div")
    this.status.className = "status"
    this.status.setAttribute("role", "status")
    this.element = document.createElement("div")
    this.element.className = "multitalk-timeline"
    this.element.setAttribute("role", "group")
    this.element.setAttribute("aria-label", words("lanes.label"))
    this.element.append(this.toolbar.element, body, this.status)
  }

  #listen() {
    const canvas = this.canvas.element
    canvas.addEventListener("pointerdown", (event) => this.#down(event))
    canvas.addEventListener("pointermove", (event) => this.#move(event))
    canvas.addEventListener("pointerup", (event) => this.#up(event))
    canvas.addEventListener("pointercancel", () => this.#cancel())
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false })
    canvas.addEventListener("keydown", (event) => this.#key(event))
    canvas.addEventListener("focus", () => this.#focus(true))
    canvas.addEventListener("blur", () => canvas.isConnected && this.#focus(false))
  }

  #focus(focused) {
    this.memory.focused = focused
    this.draw()
  }

  // Drawing

  #draw() {
    const { table, canvas } = this
    if (!canvas.measure()) return
    this.#playHead()
    const { scale, first } = this.memory
    if (scale) Object.assign(canvas.ruler, { scale, first })
    else if (!this.drag) canvas.ruler.fit(this.longest)
    const focused = document.activeElement === canvas.element
    const { speakers, voices, seconds, fps } = table
    const lanes = Array.from({ length: speakers }, (_, index) => index + 1)
    const remarks = lanes.map((speaker) => table.remark(speaker))
    const { turns, selected } = this
    canvas.draw({ turns, speakers, voices, remarks, selected, head: this.memory.head, seconds, fps, focused })
    canvas.element.ariaBusy = String(table.loading)
    if (!this.drag) this.#lanes(lanes)
    this.#words()
  }

  #lanes(lanes) {
    const { table } = this
    const faces = facesFor(table.node)
    this.heads.show(
      lanes.map((speaker) => ({
        speaker,
        label: nameOf(speaker, table),
        face: faces[speaker - 1] ?? null,
        solo: this.memory.solo.has(speaker),
      })),
    )
  }

  #playHead() {
    const { time } = this.player
    if (time === null) return
    this.memory.head = time
    if (time >= this.table.seconds) this.player.stop()
    else if (this.memory.scale) {
      this.canvas.ruler.show(time)
      this.memory.first = this.canvas.ruler.first
    }
  }

  #words() {
    const { table, selected, turns } = this
    const editable = selected >= 0 && !table.locked
    this.toolbar.show({
      playing: this.player.playing,
      time: clock(Math.round(this.memory.head * 100) / 100),
      muted: editable && turns[selected].muted,
      disabled: [...(editable ? [] : ["split", "mute"]), ...(table.locked || !table.voices.size ? ["speech"] : [])],
    })
    const fault = table.fault ?? table.locked
    this.status.classList.toggle("fault", Boolean(table.fault))
    this.status.classList.toggle("whole", Boolean(fault))
    this.status.textContent = fault ?? (selected >= 0 ? turnSentence(turns[selected], table) : summary(table))
    if (!this.drag) this.#list()
  }

  /** The turns for screen readers, made again only when they or the choice have changed. */
  #list() {
    const { turns, selected } = this
    if (this.listed?.turns === turns && this.listed.selected === selected) return
    this.listed = { turns, selected }
    const order = this.inTime()
    this.options.show(
      order.map((place) => turnSentence(turns[place], this.table)),
      order.indexOf(selected),
    )
  }

  /** The places of the turns in order of time. */
  inTime() {
    return [...this.turns.keys()].sort((one, other) => this.turns[one].start - this.turns[other].start)
  }

  // Pointer

  #down(event) {
    if (event.button) return
    const point = this.canvas.point(event)
    const target = this.canvas.at(point, this.turns, this.table.speakers)
    this.canvas.element.focus({ preventScroll: true })
    this.canvas.element.setPointerCapture(event.pointerId)
    this.memory.selected = target.place ?? -1
    if (target.part === "ruler" || target.part === "lane") {
      this.scrubbing = true
      this.#seek(point.x, target.part === "ruler")
    } else if (!this.table.locked) {
      const { fps, recording } = this.table
      const voiceSeconds = this.table.voices.get(this.turns[target.place].voiceOf)?.seconds
      this.drag = new TurnDrag(this.turns, target, this.canvas.ruler.second(point.x), { fps, voiceSeconds, recording })
    }
    this.draw()
  }

  #move(event) {
    const point = this.canvas.point(event)
    const target = this.canvas.at(point, this.turns, this.table.speakers)
    if (this.scrubbing) this.#seek(point.x, true)
    else if (this.drag) this.drag.move(this.canvas.ruler.second(point.x), target.speaker)
    else this.canvas.element.style.cursor = CURSORS[target.part]
    if (this.scrubbing || this.drag) this.draw()
  }

  #up(event) {
    const { drag } = this
    this.#cancel()
    if (drag?.changed) this.change(drag.turns)
    else if (drag) this.#seek(this.canvas.point(event).x, false)
  }

  #cancel() {
    this.drag = null
    if (this.scrubbing) this.player.stop()
    this.scrubbing = false
    this.draw()
  }

  #wheel(event) {
    const { ruler } = this.canvas
    event.stopPropagation()
    event.preventDefault()
    const along = event.shiftKey ? event.deltaY : event.deltaX
    if (along) ruler.pan(along, this.longest)
    else ruler.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, this.canvas.point(event).x, this.longest)
    this.remember()
  }

  remember() {
    const { scale, first } = this.canvas.ruler
    Object.assign(this.memory, { scale, first })
    this.draw()
  }

  #seek(x, heard) {
    this.memory.head = Math.min(Math.max(0, this.canvas.ruler.second(x)), this.longest)
    if (heard) this.player.scrub(this.table.pieces(this.memory.solo), this.memory.head)
    else this.player.stop()
  }

  // Keys and buttons; both do the same

  #key(event) {
    const name = keyOf(event)
    if (!name) return
    event.preventDefault()
    event.stopPropagation()
    this.press(name)
  }

  press(name) {
    act(this, name)
    this.draw()
  }

  zoom(factor) {
    this.canvas.ruler.zoom(factor, this.canvas.ruler.x(this.memory.head), this.longest)
    this.remember()
  }

  play() {
    if (this.player.playing) return this.player.stop()
    const from = this.memory.head >= this.table.seconds - 0.05 ? 0 : this.memory.head
    this.player.play(this.table.pieces(this.memory.solo), from).then(() => this.draw())
  }

  #solo(speaker) {
    const { solo } = this.memory
    if (!solo.delete(speaker)) solo.add(speaker)
    if (this.player.playing) this.player.play(this.table.pieces(solo), this.player.time)
    this.draw()
  }

  // Changes; each is one step of undo

  edit(change) {
    if (this.selected >= 0 && !this.table.locked) this.change(change(this.turns, this.selected))
  }

  change(turns) {
    const heard = this.player.playing
    if (turns !== this.table.turns) this.table.write(turns)
    if (heard) this.player.play(this.table.pieces(this.memory.solo), this.player.time)
    this.draw()
  }

  /** Cut the voices into turns where somebody speaks. */
  speech() {
    this.memory.selected = -1
    this.change(spokenTurns(this.turns, this.table))
  }

  swap(first, second) {
    if (!this.table.locked) this.table.exchange(first, second, this.exchange)
  }
}
