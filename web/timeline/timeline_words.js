// What the timeline says of turns, in its last line and to screen readers.

import { words } from "./locale.js"

/** The name of a speaker, or their number. */
export function nameOf(speaker, { names }) {
  return names[speaker - 1] ?? words("lanes.speaker", { number: speaker })
}

/** One turn: who speaks from when to when. */
export function turnSentence({ speaker, start, end, muted }, table) {
  const [first, last] = [start, end].map((second) => Math.round(second * table.fps))
  const times = { start: start.toFixed(2), end: end.toFixed(2), first, last }
  const turn = words("turns.turn", { name: nameOf(speaker, table), ...times })
  return muted ? words("turns.muted", { turn }) : turn
}

/** All turns. */
export function summary({ turns, seconds, linked, ofEveryone }) {
  if (!turns.length) return words(linked.length ? "turns.unseen" : "turns.unconnected")
  const count = { count: turns.length, seconds: seconds.toFixed(2) }
  const all = words(turns.length > 1 ? "turns.several" : "turns.one", count)
  return ofEveryone ? words("turns.recording", { turns: all }) : all
}
