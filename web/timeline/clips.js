// The clips of a long video, and the texts that ask for prompts and retakes of them. Knows no page.

const RETAKE = /^\s*(\d{1,9})\s*:\s*(?:(\d{1,20})\s*(?:,\s*(\S.*))?|(?![-+]?\d[\d.]*\s*(?:,|person\s+\d|$))(\S.*))$/i
const PROMPT = /^\s*(?:(?:(\d{1,4}):)?(\d{1,6}):)?(\d{1,9}(?:\.\d+)?)\s+(\S.*)$/

/** Clips as { start, end } in frames that the film shows of each (multitalk_core/film/clips.py). */
export function planClips(frames, clipFrames, motionFrames) {
  const fresh = clipFrames - motionFrames
  if (!(frames > 0 && fresh > 0)) return []
  if (frames <= clipFrames) return [{ start: 0, end: frames }]
  const count = 1 + Math.ceil((frames - clipFrames) / fresh)
  return Array.from({ length: count }, (_, index) => ({
    start: index ? index * fresh + motionFrames : 0,
    end: Math.min(index * fresh + clipFrames, frames),
  }))
}

/** The clip, from 0, that shows a frame. */
export function clipAt(clips, frame) {
  return Math.max(0, clips.findLastIndex((clip) => clip.start <= frame))
}

/** Retakes of whole clips by clip index: { seed, prompt }; the last line of a clip counts. */
export function parseRetakes(text) {
  const found = new Map()
  for (const line of text.split("\n")) {
    const match = RETAKE.exec(line.trim())
    if (match) found.set(Number(match[1]) - 1, { seed: match[2] ?? null, prompt: match[3] ?? match[4] ?? "" })
  }
  return found
}

/** The text with another retake of a clip, or with none (null); all other lines stay. */
export function writeRetake(text, clip, retake) {
  const kept = text.split("\n").filter((line) => {
    const match = RETAKE.exec(line.trim())
    return line.trim() && !(match && Number(match[1]) - 1 === clip)
  })
  const parts = [retake?.seed, retake?.prompt].filter((part) => part !== undefined && part !== null && part !== "")
  return [...kept, ...(parts.length ? [`${clip + 1}: ${parts.join(", ")}`] : [])].join("\n")
}

/** Prompts by clip index: each holds from its clip on until the next. */
export function parsePrompts(text, clips, fps) {
  const timed = promptLines(text).filter(({ time }) => time !== null)
  const found = new Map()
  for (const { time, prompt } of timed.sort((one, other) => one.time - other.time)) {
    found.set(clipAt(clips, Math.round(time * fps)), prompt)
  }
  return found
}

/** The text with another prompt from a clip on, or with none (""); prompts of other clips stay. */
export function writePrompt(text, clip, prompt, { clips, fps }) {
  const kept = promptLines(text).filter(
    ({ time }) => time === null || clipAt(clips, Math.round(time * fps)) !== clip,
  )
  const own = prompt ? [{ time: clips[clip].start / fps, line: `${clock(clips[clip].start / fps)} ${prompt}` }] : []
  return [...kept, ...own]
    .sort((one, other) => (one.time ?? 0) - (other.time ?? 0))
    .map(({ line }) => line)
    .join("\n")
}

function promptLines(text) {
  return text
    .split("\n")
    .filter((line) => line.trim())
    .map((line) => {
      const match = PROMPT.exec(line.trim())
      if (!match) return { time: null, line }
      const [, hours, minutes, seconds, prompt] = match
      return { time: Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds), prompt, line: line.trim() }
    })
}

/** Seconds as minutes and seconds: 0:05, 1:02.48. */
export function clock(time) {
  const rounded = Number(time.toFixed(3))
  const minutes = Math.floor(rounded / 60)
  const rest = Number((rounded - minutes * 60).toFixed(3))
  return `${minutes}:${rest < 10 ? "0" : ""}${rest}`
}
