// Who speaks when by the inputs of Encode MultiTalk Audio: read from its texts, and written there. The only state is theirs.

import { api } from "../../../scripts/api.js"
import { asOneStep, asSeenFrom, isLinked, isShared, labelOf, outsideOf, setValue, shownBy, unlink, valueOf } from "./graph.js"
import { words } from "./locale.js"
import { endOf, filled, isPlaced, parse, swapped, write } from "./turns.js"
import { addressOf, faultOf, linkedSpeakers, MOST_SPEAKERS, voiceAt } from "./voices.js"

const TABLE = "table"
const TURNS = "timing.turns"
const NUMBER = /^\d+(\.0+)?$/

export class EncoderTable {
  /**
   * @param host the subgraph node around the encoder that the timeline is on; null on the encoder itself
   * @param {() => void} changed called when what is to be shown is other than before
   */
  constructor(node, host, changed) {
    this.node = node
    this.host = host
    this.changed = changed
    this.linked = [] // speakers with a voice
    this.addresses = new Map() // of their voices
    this.turns = []
    this.written = false // whether the table says whose voice, or which part of it, a turn is
    this.names = []
    this.speakers = 0
    this.voices = new Map() // speaker -> { buffer, peaks, seconds }, once known
    this.fault = null
    this.answer = null // of the server, for tables in other forms
    this.asking = false
    this.reread = () => this.read()
  }

  get fps() {
    return Number(this.#value("fps", 25)) || 25
  }

  get timing() {
    return this.#value("timing")
  }

  /** Whether the first voice may have turns of everyone. */
  get recording() {
    return this.timing === TABLE && this.linked.length === 1 && this.linked[0] === 1
  }

  /** Whether a run reads the first voice as a recording of everyone. */
  get ofEveryone() {
    return this.recording && !this.written
  }

  /** Whether the film has the whole recording, and not the turns alone. */
  get whole() {
    return this.ofEveryone && this.turns.every((turn) => !turn.muted)
  }

  /** The text of the table; one that comes from another node is known after a run. */
  get text() {
    return this.#isLinked(TURNS) ? (this.#seen(() => shownBy(this.node))?.multitalk_turns?.[0] ?? "") : this.#value(TURNS, "")
  }

  /**
   * Why turns cannot be changed here; null if they can. A change of turns that are known takes their link away.
   * Other nodes that show the same subgraph would change with it.
   */
  get locked() {
    if (this.host && isShared(this.node)) return words("turns.shared")
    const input = this.#foreign()
    return input ? words("turns.linked", { input: labelOf(this.node, input) }) : null
  }

  /** The input that comes from another node, for which turns cannot be changed; null if there is none. */
  #foreign() {
    if (this.#seen(() => outsideOf(this.node, "timing"))) return "timing" // the texts of the word chosen there are not here
    if (this.#isLinked(TURNS) && !this.text) return TURNS
    return ["timing", "timing.names"].find((name) => this.#isLinked(name)) ?? null
  }

  /** How long the film is, in seconds, as far as it is known. */
  get seconds() {
    const length = this.#value("length")
    if (length === "seconds") return Number(this.#value("length.seconds", 0))
    if (length === "frames") return Number(this.#value("length.frames", 0)) / this.fps
    return this.whole ? (this.voices.get(1)?.seconds ?? endOf(this.turns)) : endOf(this.turns)
  }

  /** What everything here is read from, to see whether it has changed. */
  get signature() {
    const names = ["timing", "timing.turns", "timing.names", "timing.gap", "speakers", "fps", "length"]
    const values = [...names, "length.seconds", "length.frames"].map((name) => this.#value(name))
    return JSON.stringify([values, [...this.#voiceAddresses()], this.locked, this.text])
  }

  read() {
    const before = this.linked
    this.addresses = this.#voiceAddresses()
    this.linked = [...this.addresses.keys()]
    // Left alone, the first voice would be read as a recording of everyone.
    if (before.length > 1 && this.ofEveryone && this.turns.length && !this.locked && !this.#isLinked(TURNS)) this.#set(this.turns)
    this.fault = null
    this.voices.clear()
    for (const [speaker, address] of this.addresses) {
      const voice = voiceAt(address, this.reread)
      if (voice) this.voices.set(speaker, voice)
    }
    this.names = []
    this.written = false
    this.turns = this.timing === TABLE ? this.#tableTurns() : this.#wholeVoices()
    const spoken = Math.max(0, ...this.turns.map((turn) => turn.speaker))
    const asked = Number(this.#value("speakers", 0))
    this.speakers = Math.min(MOST_SPEAKERS, Math.max(1, asked, spoken, this.names.length, ...this.linked))
    this.changed()
  }

  /** Whether a voice or a table is still being read, so that turns may change. */
  get loading() {
    const addresses = this.linked.filter((speaker) => !this.voices.has(speaker)).map((each) => this.addresses.get(each))
    return this.asking || addresses.some((address) => address && !faultOf(address))
  }

  /** What a lane says where it has no waveform; null where it has one. */
  remark(speaker) {
    if (this.recording) return null
    if (!this.linked.includes(speaker)) return words("lanes.listens")
    if (this.voices.has(speaker)) return null
    const address = this.addresses.get(speaker)
    return faultOf(address) ?? words(address ? "lanes.loading" : "lanes.unseen")
  }

  /** Make these the turns: one step of undo. */
  write(turns, also = () => {}) {
    asOneStep(() => {
      setValue(this.node, "timing", TABLE)
      unlink(this.node, TURNS)
      this.#set(turns)
      also()
    })
    this.read()
  }

  /**
   * Exchange two speakers: of one recording their turns, else their voices. One step of undo.
   * @param {(first, second) => void} exchangeVoices on their sockets
   */
  exchange(first, second, exchangeVoices) {
    if (this.timing !== TABLE) {
      exchangeVoices(first, second)
      return this.read()
    }
    if (this.names.length) {
      this.names = this.#allNames()
      const [one, other] = [this.names[first - 1], this.names[second - 1]]
      this.names = this.names.with(first - 1, other).with(second - 1, one)
    }
    const voices = !this.recording
    this.write(swapped(this.turns, first, second, { voices }), () => voices && exchangeVoices(first, second))
  }

  /** The turns as the mix plays them: { buffer, start, offset, seconds }; all of them where nobody is solo. */
  pieces(solo) {
    if (this.whole && !solo.size && this.voices.has(1)) {
      const { buffer, seconds } = this.voices.get(1)
      return [{ buffer, start: 0, offset: 0, seconds }]
    }
    return this.turns
      .filter((turn) => !turn.muted && this.voices.has(turn.voiceOf) && (!solo.size || solo.has(turn.speaker)))
      .map((turn) => ({
        buffer: this.voices.get(turn.voiceOf).buffer,
        start: turn.start,
        offset: turn.voiceStart,
        seconds: turn.end - turn.start,
      }))
  }

  #seen(look) {
    return asSeenFrom(this.host, look)
  }

  #value(name, otherwise) {
    return this.#seen(() => valueOf(this.node, name, otherwise))
  }

  #isLinked(name) {
    return this.#seen(() => isLinked(this.node, name))
  }

  /** The addresses of the linked speakers' voices, as far as they are known. */
  #voiceAddresses() {
    const addresses = () => linkedSpeakers(this.node).map((speaker) => [speaker, addressOf(this.node, speaker)])
    return new Map(this.#seen(addresses))
  }

  #set(turns) {
    const names = this.#allNames()
    if (names.length) setValue(this.node, "timing.names", names.join(", "))
    setValue(this.node, TURNS, write(turns, names))
  }

  /** With names in the table every lane needs one, and their order decides who is who. */
  #allNames() {
    if (!this.names.length) return []
    return Array.from({ length: this.speakers }, (_, index) => this.names[index] ?? `speaker ${index + 1}`)
  }

  #wholeVoices() {
    const gap = this.timing === "in turn" ? Number(this.#value("timing.gap", 0)) : null
    const turns = []
    let start = 0
    for (const speaker of this.linked) {
      const voice = this.voices.get(speaker)
      if (!voice) {
        if (gap !== null) break
        continue
      }
      const turn = { speaker, voiceOf: speaker, voiceStart: 0, muted: false }
      turns.push({ ...turn, start, end: start + voice.seconds })
      if (gap !== null) start += voice.seconds + gap
    }
    return turns
  }

  #tableTurns() {
    const text = this.text
    if (!text && this.#isLinked(TURNS)) return []
    const listed = this.#value("timing.names", "")
    this.names = listed.split(",").flatMap((name) => name.trim() || [])
    const own = parse(text, this.names)
    if (own?.length) {
      this.written = own.some((turn) => !turn.muted && isPlaced(turn))
      const turns = filled(own, this)
      this.fault = this.#faultOf(turns)
      return turns
    }
    if (this.answer?.text !== text || this.answer.listed !== listed) this.#ask(text, listed)
    if (this.answer.error) this.fault = this.answer.error
    if (!this.names.length && !this.answer.names.every((name) => NUMBER.test(name))) {
      this.names = this.answer.names.map((name) => name.replaceAll(",", " "))
    }
    this.written = this.answer.turns.some(isPlaced)
    return filled(this.answer.turns, this)
  }

  /** What a run would refuse of turns that can be read. */
  #faultOf(turns) {
    if (turns.every((turn) => turn.muted)) return words("turns.all_muted")
    const silent = turns.find((turn) => !turn.muted && !this.linked.includes(turn.voiceOf))
    if (!silent || !this.linked.length) return null
    return words("turns.voiceless", { number: silent.voiceOf })
  }

  /** Let the server read a table in another form. */
  async #ask(text, listed) {
    const asked = { text, listed, names: [], turns: [] }
    this.answer = asked
    this.asking = true
    const body = JSON.stringify({ text, names: listed })
    const said = await api
      .fetchApi("/multitalk/turns", { method: "POST", body })
      .then((answer) => answer.json())
      .catch(() => ({ error: words("files.unread_table") }))
    Object.assign(asked, said)
    if (this.answer !== asked) return
    this.asking = false
    this.read()
  }
}
