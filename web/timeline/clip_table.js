// The clips of MultiTalk Long Video by its inputs, and what its texts ask of each. The only state is theirs.

import { clipAt, parsePrompts, parseRetakes, planClips, writePrompt, writeRetake } from "./clips.js"
import { tableOf } from "./encoders.js"
import { asOneStep, isLinked, originOf, setValue, valueOf } from "./graph.js"

export class ClipTable {
  constructor(node) {
    this.node = node
    this.clips = []
  }

  /** The encoder's table, whose voices the film has; null if there is none. */
  get voices() {
    return tableOf(originOf(this.node, "audio")?.node)
  }

  get fps() {
    return this.voices?.fps ?? 25
  }

  get seconds() {
    return this.frames / this.fps
  }

  get frames() {
    const length = Number(this.#value("length", 0))
    return length || Math.floor((this.voices?.seconds ?? 0) * this.fps + 1e-6)
  }

  /** The input that comes from another node, for which nothing can be changed here; null if there is none. */
  get locked() {
    return ["prompts", "retakes"].find((name) => isLinked(this.node, name)) ?? null
  }

  /** What everything here is read from, to see whether it has changed. */
  get signature() {
    const names = ["length", "clip_frames", "motion_frames", "prompts", "retakes"]
    return JSON.stringify([names.map((name) => this.#value(name)), this.frames, this.fps, this.voices?.turns])
  }

  read() {
    const [clipFrames, motionFrames] = [Number(this.#value("clip_frames", 81)), Number(this.#value("motion_frames", 5))]
    this.clips = planClips(this.frames, clipFrames, motionFrames)
    this.prompts = parsePrompts(this.#text("prompts"), this.clips, this.fps)
    this.retakes = parseRetakes(this.#text("retakes"))
  }

  clipAtSecond(second) {
    return clipAt(this.clips, second * this.fps)
  }

  /** What is asked of a clip: { prompt, since (the clip where it begins), seed, own (the retake has a prompt) }. */
  asked(clip) {
    const retake = this.retakes.get(clip)
    const since = Math.max(-1, ...[...this.prompts.keys()].filter((each) => each <= clip))
    const timed = since < 0 ? "" : this.prompts.get(since)
    return { prompt: retake?.prompt || timed, since, seed: retake?.seed ?? "", own: Boolean(retake?.prompt) }
  }

  /** Give a clip another prompt: in its retake if that has one, else from the clip on. */
  writePrompt(clip, prompt) {
    const line = prompt.replace(/\s+/g, " ").trim()
    const { own, seed } = this.asked(clip)
    if (own) return this.#write("retakes", writeRetake(this.#text("retakes"), clip, { seed, prompt: line }))
    this.#write("prompts", writePrompt(this.#text("prompts"), clip, line, this))
  }

  /** Regenerate a clip with another seed; an empty one takes the retake back. */
  writeSeed(clip, seed) {
    const { prompt } = this.retakes.get(clip) ?? { prompt: "" }
    this.#write("retakes", writeRetake(this.#text("retakes"), clip, { seed, prompt }))
  }

  #write(name, text) {
    if (text === this.#text(name)) return
    asOneStep(() => setValue(this.node, name, text))
    this.read()
  }

  #text(name) {
    return String(this.#value(name, ""))
  }

  /** Of the node, or of the settings that are linked to it. */
  #value(name, otherwise) {
    for (const node of [this.node, ...this.#settings()]) {
      const value = valueOf(node, name)
      if (value !== undefined) return value
    }
    return otherwise
  }

  #settings() {
    return (this.node.inputs ?? [])
      .filter((input) => input.link != null && String(input.type).startsWith("MULTITALK_"))
      .flatMap((input) => originOf(this.node, input.name)?.node ?? [])
      .filter((node) => node.comfyClass !== "MultiTalkAudioEncoder")
  }
}
