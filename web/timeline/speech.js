// Where somebody speaks in a voice, by its loudness. Knows peaks; no page.

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
