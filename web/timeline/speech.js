// Where somebody speaks in a voice, by its loudness, and the turns that come of it. Knows peaks; no page.

import { RATE } from "./peaks.js"

const QUIETER = 0.06 // of the loud parts: -24 dB
const SILENT = 0.003 // -50 dB of full scale
const LONGEST_PAUSE = 0.4 // seconds within a turn
const SHORTEST = 0.16
const MARGIN = 0.08 // before the first and after the last loud part, for soft consonants

/** Spans { start, end } of speech, in seconds. `levels` are peaks, `rate` of them a second. */
export function detectSpeech(levels, rate) {
  const sorted = Float32Array.from(levels).sort()
  const loud = sorted[Math.floor(sorted.length * 0.95)] ?? 0
  const bar = Math.max(SILENT, loud * QUIETER)
  const spans = []
  levels.forEach((level, place) => {
    if (level < bar) return
    const time = place / rate
    const last = spans.at(-1)
    if (last && time - last.end <= LONGEST_PAUSE) last.end = time + 1 / rate
    else spans.push({ start: time, end: time + 1 / rate })
  })
  return spans
    .filter((span) => span.end - span.start >= SHORTEST)
    .map(({ start, end }) => ({
      start: Math.max(0, start - MARGIN),
      end: Math.min(levels.length / rate, end + MARGIN),
    }))
}

/** Every turn whose voice is known, cut into the spans where somebody speaks; on frames. */
export function spokenTurns(turns, { voices, fps }) {
  return turns.flatMap((turn) => {
    const voice = voices.get(turn.voiceOf)
    if (!voice || turn.muted) return turn
    const until = turn.voiceStart + turn.end - turn.start
    const levels = voice.peaks.levels.subarray(turn.voiceStart * RATE, until * RATE)
    return detectSpeech(levels, RATE).map((span) => onFrames(turn, span, fps))
  })
}

/** The part of a turn from the frame before a span to the one after it, within the turn. */
function onFrames(turn, span, fps) {
  const start = Math.ceil(turn.start * fps - 1e-6)
  const first = Math.max(start, Math.floor((turn.start + span.start) * fps + 1e-6)) / fps
  const last = Math.min(Math.floor(turn.end * fps + 1e-6), Math.ceil((turn.start + span.end) * fps - 1e-6)) / fps
  const end = Math.max(last, first + 1 / fps)
  return { ...turn, start: first, end, voiceStart: turn.voiceStart + first - turn.start }
}
