// The timeline of Encode MultiTalk Audio: lanes that are drawn, dragged, played and operated by keys.

import { clock } from "./clips.js"
import { facesFor } from "./faces.js"
import { LaneHeads } from "./lane_heads.js"
import { LanesCanvas } from "./lanes_canvas.js"
import { Player } from "./player.js"
import { RATE } from "./peaks.js"
import { detectSpeech } from "./speech.js"
import { Toolbar } from "./toolbar.js"
import { keyOf } from "./timeline_keys.js"
import { CURSORS, TurnDrag } from "./turn_drag.js"
import { TurnOptions } from "./turn_options.js"
import { moved, split, swapped, toggled, trimmed } from "./turns.js"

const ZOOM = 1.5
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
    this.element.setAttribute("aria-label", "Timeline: who speaks when")
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
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => this.draw())
    new ResizeObserver(() => this.draw()).observe(this.element)
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
    const faces = facesFor(table.node)
    this.heads.show(
      lanes.map((speaker) => ({
        speaker,
        label: table.names[speaker - 1] ?? `Speaker ${speaker}`,
        face: faces[speaker - 1] ?? null,
        solo: this.memory.solo.has(speaker),
      })),
    )
    this.#words()
  }

  #playHead() {
    const { time } = this.player
    if (time === null) return
    this.memory.head = time
    if (time >= this.table.seconds) this.player.stop()
    else if (this.memory.scale) this.canvas.ruler.show(time)
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
    const fault = table.fault ?? (table.locked ? `${table.locked}, so turns are only shown.` : null)
    this.status.classList.toggle("fault", Boolean(table.fault))
    this.status.textContent = fault ?? (selected >= 0 ? this.#sentence(selected) : this.#summary())
    const order = this.#inTime()
    this.options.show(
      order.map((place) => this.#sentence(place)),
      order.indexOf(selected),
    )
  }

  #sentence(place) {
    const { speaker, start, end, muted } = this.turns[place]
    const name = this.table.names[speaker - 1] ?? `Speaker ${speaker}`
    const frames = `frames ${Math.round(start * this.table.fps)} to ${Math.round(end * this.table.fps)}`
    return `${name}, ${start.toFixed(2)} to ${end.toFixed(2)} s, ${frames}${muted ? ", muted" : ""}`
  }

  #summary() {
    const count = this.turns.length
    if (!count) return "Connect a voice to see it here."
    return `${count} turn${count > 1 ? "s" : ""}, ${this.table.seconds.toFixed(2)} s. Drag turns, or their edges.`
  }

  #inTime() {
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

  #up() {
    const { drag } = this
    this.#cancel()
    if (drag?.changed) this.change(drag.turns)
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
    this.#remember()
  }

  #remember() {
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
    const { fps } = this.table
    const steps = { left: -1, right: 1, "far left": -10, "far right": 10 }
    const [what, where] = name.split(" by ")
    const by = steps[where] / fps
    const actions = {
      play: () => this.#play(),
      split: () => this.edit((turns, place) => split(turns, place, this.#cut(place), fps)),
      mute: () => this.edit(toggled),
      speech: () => this.speech(),
      in: () => this.#zoom(ZOOM),
      out: () => this.#zoom(1 / ZOOM),
      fit: () => Object.assign(this.memory, { scale: null }),
      leave: () => this.canvas.element.blur(),
      next: () => this.#choose(1),
      previous: () => this.#choose(-1),
      first: () => (this.memory.head = 0),
      last: () => (this.memory.head = this.table.seconds),
      head: () => (this.memory.head = Math.min(Math.max(0, this.memory.head + by), this.longest)),
      move: () => this.edit((turns, place) => moved(turns, place, turns[place].start + by, { fps })),
      start: () => this.edit((turns, place) => this.#trim(turns, place, "start", by)),
      end: () => this.edit((turns, place) => this.#trim(turns, place, "end", by)),
    }
    actions[what]()
    this.draw()
  }

  #trim(turns, place, edge, by) {
    const { fps, voices } = this.table
    const voiceSeconds = voices.get(turns[place].voiceOf)?.seconds
    return trimmed(turns, place, edge, turns[place][edge] + by, { fps, voiceSeconds })
  }

  /** The play head if it is in the turn, else its middle. */
  #cut(place) {
    const { start, end } = this.turns[place]
    const { head } = this.memory
    return head > start && head < end ? head : (start + end) / 2
  }

  #choose(by) {
    const order = this.#inTime()
    if (!order.length) return
    const now = order.indexOf(this.selected)
    const next = now < 0 ? (by > 0 ? 0 : order.length - 1) : Math.min(Math.max(0, now + by), order.length - 1)
    this.memory.selected = order[next]
    if (this.memory.scale) {
      this.canvas.ruler.show(this.turns[order[next]].start)
      this.#remember()
    }
  }

  #zoom(factor) {
    this.canvas.ruler.zoom(factor, this.canvas.ruler.x(this.memory.head), this.longest)
    this.#remember()
  }

  #play() {
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

  /** Cut every turn whose voice is known into the spans where somebody speaks. */
  speech() {
    const { voices } = this.table
    const turns = this.turns.flatMap((turn) => {
      const voice = voices.get(turn.voiceOf)
      if (!voice || turn.muted) return turn
      const until = turn.voiceStart + turn.end - turn.start
      const levels = voice.peaks.levels.subarray(turn.voiceStart * RATE, until * RATE)
      return detectSpeech(levels, RATE).map((span) => ({
        ...turn,
        start: turn.start + span.start,
        end: Math.min(turn.end, turn.start + span.end),
        voiceStart: turn.voiceStart + span.start,
      }))
    })
    this.memory.selected = -1
    this.change(turns.map((turn) => this.#onFrames(turn)))
  }

  /** A turn that begins and ends on frames, and lasts one at least. */
  #onFrames(turn) {
    const { fps } = this.table
    const start = Math.floor(turn.start * fps + 1e-6) / fps
    const earliest = Math.max(start, turn.start - turn.voiceStart)
    const end = Math.max(Math.round(turn.end * fps) / fps, earliest + 1 / fps)
    return { ...turn, start: earliest, end, voiceStart: turn.voiceStart + earliest - turn.start }
  }

  /** Exchange two speakers: of one recording their turns, else their voices. */
  swap(first, second) {
    if (this.table.locked) return
    const { recording, timing, turns } = this.table
    if (recording || timing === "table") {
      const names = this.table.names
      const exchanged = swapped(turns, first, second, { voices: !recording })
      if (names.length) this.table.names = names.map((_, at) => names[at === first - 1 ? second - 1 : at === second - 1 ? first - 1 : at])
      this.table.write(exchanged, () => recording || this.exchange(first, second))
    } else {
      this.exchange(first, second)
    }
    this.refresh()
  }
}
