// One drag of a turn: what the turns are while the pointer moves.

import { moved, trimmed } from "./turns.js"

export const CURSORS = { ruler: "text", lane: "default", turn: "grab", start: "ew-resize", end: "ew-resize" }

export class TurnDrag {
  /**
   * @param {{ part, place, speaker }} target from LanesCanvas.at
   * @param {number} second under the pointer
   */
  constructor(turns, target, second, { fps, voiceSeconds, recording }) {
    this.before = turns
    this.turns = turns
    this.target = target
    this.second = second
    this.limits = { fps, voiceSeconds }
    this.recording = recording
  }

  /** Follow the pointer; of one recording, turns also move to other lanes. */
  move(second, speaker) {
    const { part, place } = this.target
    const turn = this.before[place]
    const by = second - this.second
    if (part === "turn") {
      const lane = this.recording && speaker ? speaker : turn.speaker
      this.turns = moved(this.before, place, turn.start + by, { ...this.limits, speaker: lane })
    } else {
      this.turns = trimmed(this.before, place, part, turn[part] + by, this.limits)
    }
  }

  /** Whether anything is other than before. */
  get changed() {
    const [before, now] = [this.before[this.target.place], this.turns[this.target.place]]
    return ["start", "end", "speaker"].some((each) => before[each] !== now[each])
  }
}
