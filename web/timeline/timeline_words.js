// What the timeline says of turns, in its last line and to screen readers.

/** The name of a speaker, or their number. */
export function nameOf(speaker, { names }) {
  return names[speaker - 1] ?? `Speaker ${speaker}`
}

/** One turn: who speaks from when to when. */
export function turnSentence({ speaker, start, end, muted }, table) {
  const frames = `frames ${Math.round(start * table.fps)} to ${Math.round(end * table.fps)}`
  return `${nameOf(speaker, table)}, ${start.toFixed(2)} to ${end.toFixed(2)} s, ${frames}${muted ? ", muted" : ""}`
}

/** All turns. */
export function summary({ turns, seconds, linked }) {
  if (!turns.length) return linked.length ? "The voices are seen after the first run." : "Connect a voice to see it here."
  return `${turns.length} turn${turns.length > 1 ? "s" : ""}, ${seconds.toFixed(2)} s. Drag turns, or their edges.`
}
