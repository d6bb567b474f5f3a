// The timeline of MultiTalk Long Video: its clips, a prompt and a retake for each, above the turns of the voices.

import { clock } from "./clips.js"
import { pageColours } from "./colours.js"
import { LanesCanvas } from "./lanes_canvas.js"
import { labelOf } from "./graph.js"
import { words } from "./locale.js"
import { RULER_HEIGHT } from "./ruler.js"

const CLIPS_HEIGHT = 30
const LARGEST_SEED = 2 ** 32

export class ClipView {
  /**
   * @param {ClipTable} table
   * @param {object} memory what is left of the view when ComfyUI makes the node again
   */
  constructor(table, memory) {
    this.table = table
    this.memory = Object.assign(memory, { selected: 0, ...memory })
    this.canvas = new LanesCanvas()
    this.canvas.above = CLIPS_HEIGHT
    this.#build()
  }

  get selected() {
    return Math.min(this.memory.selected, Math.max(0, this.table.clips.length - 1))
  }

  get signature() {
    return this.table.signature
  }

  refresh() {
    this.table.read()
    this.draw()
  }

  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null
      this.#draw()
    })
  }

  #build() {
    const canvas = this.canvas.element
    canvas.className = "lanes"
    canvas.tabIndex = 0
    canvas.setAttribute("role", "slider")
    canvas.setAttribute("aria-label", words("clips.clip"))
    canvas.setAttribute("aria-valuemin", 1)
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return
      this.#choose(this.table.clipAtSecond(this.canvas.ruler.second(this.canvas.point(event).x)))
    })
    canvas.addEventListener("keydown", (event) => this.#key(event))
    const body = document.createElement("div")
    body.className = "body"
    body.append(canvas)
    this.status = document.createElement("div")
    this.status.className = "status"
    this.status.setAttribute("role", "status")
    this.element = document.createElement("div")
    this.element.className = "multitalk-timeline clips"
    this.element.setAttribute("role", "group")
    this.element.setAttribute("aria-label", words("clips.label"))
    this.element.append(body, this.#fields(), this.status)
  }

  #fields() {
    this.prompt = field("prompt", words("clips.prompt"), (text) => this.table.writePrompt(this.selected, text))
    this.seed = field("seed", words("clips.seed"), (text) => this.table.writeSeed(this.selected, text.replace(/\D/g, "")))
    this.retake = document.createElement("button")
    this.retake.textContent = "↻"
    this.retake.title = words("clips.retake")
    this.retake.setAttribute("aria-label", this.retake.title)
    this.retake.addEventListener("click", () => {
      const { seed } = this.table.asked(this.selected)
      this.table.writeSeed(this.selected, seed ? "" : Math.floor(Math.random() * LARGEST_SEED))
      this.draw()
    })
    for (const input of [this.prompt, this.seed]) input.addEventListener("change", () => this.draw())
    const fields = document.createElement("div")
    fields.className = "fields"
    fields.append(this.prompt, this.seed, this.retake)
    return fields
  }

  #choose(clip) {
    this.memory.selected = Math.min(Math.max(0, clip), this.table.clips.length - 1)
    this.draw()
  }

  #key(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key]
    if (by) this.#choose(this.selected + by)
    else if (event.key === "Enter") this.prompt.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  #draw() {
    const { table, canvas } = this
    if (!canvas.measure()) return
    const { clips, voices, fps, seconds } = table
    canvas.ruler.fit(seconds || 1)
    canvas.draw({
      turns: voices?.turns ?? [],
      speakers: voices?.speakers || 1,
      voices: voices?.voices ?? new Map(),
      remarks: [],
      selected: -1,
      seconds,
      fps,
    })
    const pen = canvas.element.getContext("2d")
    const colours = pageColours()
    clips.forEach((clip, index) => this.#clip(pen, clip, index, colours))
    this.#words()
  }

  #clip(pen, { start, end }, index, colours) {
    const { ruler } = this.canvas
    const [left, right] = [ruler.x(start / this.table.fps), ruler.x(end / this.table.fps)]
    const { prompt, seed, since, own } = this.table.asked(index)
    const chosen = index === this.selected
    pen.globalAlpha = chosen ? 0.3 : 0.12
    pen.fillStyle = colours.bright
    pen.fillRect(left + 1, RULER_HEIGHT + 2, Math.max(1, right - left - 2), CLIPS_HEIGHT - 4)
    pen.globalAlpha = 1
    pen.fillStyle = colours.line
    pen.fillRect(Math.round(right), RULER_HEIGHT, 1, this.canvas.height)
    const begins = own || since === index
    const label = `${index + 1}${seed === "" ? "" : " ↻"}${prompt ? ` ${begins ? prompt : "…"}` : ""}`
    pen.save()
    pen.beginPath()
    pen.rect(left, RULER_HEIGHT, right - left - 4, CLIPS_HEIGHT)
    pen.clip()
    pen.font = "11px Inter, Arial, sans-serif"
    pen.textBaseline = "middle"
    pen.fillStyle = chosen ? colours.bright : colours.text
    pen.fillText(label, left + 6, RULER_HEIGHT + CLIPS_HEIGHT / 2)
    pen.restore()
  }

  #words() {
    const { clips, fps, locked } = this.table
    const clip = clips[this.selected]
    for (const input of [this.prompt, this.seed, this.retake]) input.disabled = !clip || Boolean(locked)
    if (!clip) {
      this.status.textContent = words(this.table.voices?.linked.length ? "turns.unseen" : "clips.unconnected")
      return
    }
    const { prompt, seed, own } = this.table.asked(this.selected)
    if (document.activeElement !== this.prompt) this.prompt.value = prompt
    if (document.activeElement !== this.seed) this.seed.value = seed
    const where = words("clips.where", {
      number: this.selected + 1,
      count: clips.length,
      start: clock(clip.start / fps),
      end: clock(clip.end / fps),
      first: clip.start,
      last: clip.end,
    })
    const canvas = this.canvas.element
    canvas.setAttribute("aria-valuemax", clips.length)
    canvas.setAttribute("aria-valuenow", this.selected + 1)
    const retaken = seed === "" ? where : words("clips.retaken", { clip: where, seed })
    canvas.setAttribute("aria-valuetext", prompt ? words("clips.prompted", { clip: retaken, prompt }) : retaken)
    this.prompt.setAttribute("aria-label", words(own ? "clips.retake_prompt" : "clips.prompt"))
    this.status.textContent = locked ? words("clips.linked", { input: labelOf(this.table.node, locked) }) : where
  }
}

function field(name, label, write) {
  const input = document.createElement("input")
  input.className = name
  input.placeholder = label
  input.title = label
  input.setAttribute("aria-label", label)
  input.addEventListener("change", () => write(input.value))
  // ComfyUI's own keys are not for what is typed here.
  input.addEventListener("keydown", (event) => {
    event.stopPropagation()
    if (event.key === "Enter") input.blur()
  })
  return input
}
