// The ruler of a timeline: where seconds lie in pixels, and their marks.

const STEPS = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]
const BETWEEN_MARKS = 64 // pixels at least
export const RULER_HEIGHT = 20

export class Ruler {
  constructor() {
    this.first = 0 // second at the left edge
    this.scale = 100 // pixels a second
    this.width = 300
  }

  x(second) {
    return (second - this.first) * this.scale
  }

  second(x) {
    return this.first + x / this.scale
  }

  /** Show so many seconds from the beginning. */
  fit(seconds) {
    this.first = 0
    this.scale = this.width / Math.max(0.5, seconds)
  }

  /** Show more or less, and leave the second under x where it is. */
  zoom(factor, x, longest) {
    const second = this.second(x)
    const least = this.width / Math.max(0.5, longest)
    this.scale = Math.min(2000, Math.max(least, this.scale * factor))
    this.first = second - x / this.scale
    this.hold(longest)
  }

  pan(pixels, longest) {
    this.first += pixels / this.scale
    this.hold(longest)
  }

  /** Stay within the film. */
  hold(longest) {
    this.first = Math.max(0, Math.min(this.first, longest - this.width / this.scale))
  }

  /** Bring a second into view. */
  show(second) {
    if (second < this.first || second > this.second(this.width)) {
      this.first = Math.max(0, second - (0.2 * this.width) / this.scale)
    }
  }

  draw(pen, height, colours, fps) {
    const step = STEPS.find((each) => each * this.scale >= BETWEEN_MARKS) ?? STEPS.at(-1)
    pen.font = "11px Inter, Arial, sans-serif"
    pen.textBaseline = "middle"
    pen.textAlign = "left"
    this.#frames(pen, colours, fps)
    for (let mark = Math.floor(this.first / step); mark * step <= this.second(this.width); mark++) {
      const x = Math.round(this.x(mark * step)) + 0.5
      pen.fillStyle = colours.line
      pen.fillRect(x - 0.5, RULER_HEIGHT - 6, 1, 6)
      pen.globalAlpha = 0.35
      pen.fillRect(x - 0.5, RULER_HEIGHT, 1, height)
      pen.globalAlpha = 1
      pen.fillStyle = colours.faint
      const words = label(mark * step, step)
      if (x + 4 + pen.measureText(words).width <= this.width) pen.fillText(words, x + 4, RULER_HEIGHT / 2)
    }
  }

  /** A short mark for each frame, where there is room. */
  #frames(pen, colours, fps) {
    if (this.scale / fps < 6) return
    pen.fillStyle = colours.line
    for (let frame = Math.ceil(this.first * fps); frame / fps <= this.second(this.width); frame++) {
      pen.fillRect(Math.round(this.x(frame / fps)), RULER_HEIGHT - 3, 1, 3)
    }
  }
}

function label(second, step) {
  const minutes = Math.floor(second / 60 + 1e-9)
  const rest = (second - minutes * 60).toFixed(step < 0.1 ? 2 : step < 1 ? 1 : 0)
  return `${minutes}:${rest.padStart(step < 0.1 ? 5 : step < 1 ? 4 : 2, "0")}`
}
