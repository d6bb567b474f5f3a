// One colour per speaker, the same as in the drawings of the nodes (multitalk_core/drawing/palette.py).

const SPEAKERS = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [240, 228, 66],
  [213, 94, 0],
  [0, 114, 178],
]
const DARKER = 0.6

/** The colour of a speaker, counted from 1, as CSS; `opacity` in 0..1. */
export function speakerColour(speaker, opacity = 1) {
  const repeated = Math.floor((speaker - 1) / SPEAKERS.length)
  const levels = SPEAKERS[(speaker - 1) % SPEAKERS.length].map((level) => Math.round(level * DARKER ** repeated))
  return `rgb(${levels.join(" ")} / ${opacity})`
}
