// Turns of speakers as a table's text, and what moving, trimming, splitting and muting make of them. Knows no page.
//
// A turn: { speaker (from 1), start, end, voiceOf (the speaker whose voice it is), voiceStart, muted }, in seconds.
// Every function returns new turns and leaves those it is given as they are.

export const HEADER = "speaker,start,end,voice_of,voice_start"
const COLUMNS = { speaker: "speaker", start: "start", end: "end", voice_of: "voiceOf", voice_start: "voiceStart" }
const MUTED = "#"
const MOST_SPEAKERS = 8

/**
 * The turns of a table as this file writes it, or typed in the same form; what the table leaves open is null.
 * @param {string[]} names of the speakers in their order; without any, the table has their numbers.
 * @returns {object[] | null} null for any other form, which the server reads.
 */
export function parse(text, names = []) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim())
  const columns = (lines.shift() ?? "").split(",").map((cell) => COLUMNS[cell.trim()])
  if (columns.includes(undefined) || !["speaker", "start", "end"].every((name) => columns.includes(name))) return null
  const turns = []
  for (const line of lines) {
    const muted = line.trim().startsWith(MUTED)
    const turn = turnOf(line.trim().slice(muted ? MUTED.length : 0), columns, names)
    if (turn) turns.push({ ...turn, muted })
    else if (!muted) return null // a line after # that is no turn is a comment
  }
  return turns
}

function turnOf(line, columns, names) {
  const cells = line.split(",").map((cell) => cell.trim())
  const found = { voiceOf: null, voiceStart: null }
  columns.forEach((column, place) => {
    const cell = cells[place] ?? ""
    if (column === "speaker" && names.length) found.speaker = names.indexOf(unquoted(cell)) + 1
    else found[column] = cell === "" ? null : Number(cell)
  })
  return cells.length <= columns.length && !Object.values(found).some(Number.isNaN) && isTurn(found) ? found : null
}

function isTurn({ speaker, start, end }) {
  return Number.isInteger(speaker) && speaker >= 1 && speaker <= MOST_SPEAKERS && start !== null && start >= 0 && end > start
}

/** Whether a turn of a table says whose voice, or which part of it, it is. */
export function isPlaced({ voiceOf, voiceStart }) {
  return voiceOf !== null || voiceStart !== null
}

/** Turns with what the table leaves open; of one recording all voices are that of speaker 1. */
export function filled(turns, { recording }) {
  const placed = turns.some(isPlaced)
  return turns.map((turn) => ({
    ...turn,
    voiceOf: turn.voiceOf ?? (recording && !placed ? 1 : turn.speaker),
    voiceStart: turn.voiceStart ?? turn.start,
    muted: turn.muted ?? false,
  }))
}

/** The table's text; `names` are those of the speakers where the table names them. */
export function write(turns, names = []) {
  const rows = turns.map((turn) => {
    const voiceOf = turn.voiceOf === turn.speaker ? "" : turn.voiceOf
    const cells = [quoted(names[turn.speaker - 1] ?? turn.speaker), seconds(turn.start), seconds(turn.end)]
    return (turn.muted ? `${MUTED} ` : "") + [...cells, voiceOf, seconds(turn.voiceStart)].join(",")
  })
  return [HEADER, ...rows].join("\n")
}

function quoted(name) {
  return /[",]/.test(name) ? `"${String(name).replaceAll('"', '""')}"` : String(name)
}

function unquoted(cell) {
  return /^".*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell
}

function seconds(value) {
  return String(Number(value.toFixed(6)))
}

/** A time on a frame. */
export function snap(value, fps) {
  return Math.round(value * fps) / fps
}

/** The turn of this place moved to begin at a time, or at the nearest one where its lane is free. */
export function moved(turns, place, start, { fps, speaker = turns[place].speaker }) {
  const turn = turns[place]
  const lasts = turn.end - turn.start
  const others = turns.filter((other, at) => at !== place && other.speaker === speaker && !other.muted)
  const wanted = Math.max(0, snap(start, fps))
  const found = turn.muted ? wanted : nearestFree(others, lasts, wanted, fps)
  return changed(turns, place, { speaker, start: found, end: found + lasts })
}

function nearestFree(others, lasts, wanted, fps) {
  const half = 0.5 / fps
  const isFree = (start) =>
    start >= 0 && others.every((other) => start + lasts <= other.start + half || start >= other.end - half)
  const edges = others.flatMap((other) => [other.end, other.start - lasts])
  const free = [wanted, ...edges].filter(isFree)
  return free.reduce((best, start) => (Math.abs(start - wanted) < Math.abs(best - wanted) ? start : best))
}

/** One edge of a turn ("start" or "end") moved; its sound stays where it is in the film. */
export function trimmed(turns, place, edge, time, { fps, voiceSeconds = Infinity }) {
  const turn = turns[place]
  const frame = 1 / fps
  const shift = turn.voiceStart - turn.start
  const others = turns.filter((other, at) => at !== place && other.speaker === turn.speaker && !other.muted)
  const wanted = snap(time, fps)
  if (edge === "start") {
    const before = others.filter((other) => other.end <= turn.start + frame / 2).map((other) => other.end)
    // Rounded up, as there is nothing before the voice's own beginning.
    const first = Math.ceil(Math.max(0, -shift) * fps - 1e-6) / fps
    const start = Math.min(Math.max(wanted, first, ...before), turn.end - frame)
    return changed(turns, place, { start, voiceStart: start + shift })
  }
  const after = others.filter((other) => other.start >= turn.end - frame / 2).map((other) => other.start)
  const last = Math.max(turn.end, Math.floor((voiceSeconds - shift) * fps + 1e-6) / fps)
  return changed(turns, place, { end: Math.max(Math.min(wanted, last, ...after), turn.start + frame) })
}

/** A turn cut in two at a time, or the turns as they are where a part would be shorter than a frame. */
export function split(turns, place, time, fps) {
  const turn = turns[place]
  const at = snap(time, fps)
  if (at <= turn.start + 0.5 / fps || at >= turn.end - 0.5 / fps) return turns
  const parts = [
    { ...turn, end: at },
    { ...turn, start: at, voiceStart: turn.voiceStart + at - turn.start },
  ]
  return turns.toSpliced(place, 1, ...parts)
}

/** A turn muted, or heard again. */
export function toggled(turns, place) {
  return changed(turns, place, { muted: !turns[place].muted })
}

/** The turns without one; the last one stays, as a table without turns is none. */
export function removed(turns, place) {
  return turns.length > 1 ? turns.toSpliced(place, 1) : turns
}

/** The turns of two speakers exchanged; with voices of their own, the voices are exchanged with them. */
export function swapped(turns, first, second, { voices }) {
  const other = (speaker) => (speaker === first ? second : speaker === second ? first : speaker)
  return turns.map((turn) => ({
    ...turn,
    speaker: other(turn.speaker),
    voiceOf: voices ? other(turn.voiceOf) : turn.voiceOf,
  }))
}

/** When the last turn that is heard ends. */
export function endOf(turns) {
  return Math.max(0, ...turns.filter((turn) => !turn.muted).map((turn) => turn.end))
}

function changed(turns, place, change) {
  return turns.with(place, { ...turns[place], ...change })
}
