// The buttons above the lanes.

const BUTTONS = [
  ["play", "▶", "Play the mix (Space)"],
  ["split", "✂", "Split the turn at the play head (S)"],
  ["mute", "∅", "Mute the turn, or let it be heard again (M)"],
  ["speech", "⫶", "Cut the voices into turns where somebody speaks"],
  ["out", "−", "Show more time (−)"],
  ["in", "+", "Show less time (+)"],
  ["fit", "↔", "Show all (0)"],
]

export class Toolbar {
  /** @param {(name: string) => void} press */
  constructor(press) {
    this.element = document.createElement("div")
    this.element.className = "bar"
    this.element.setAttribute("role", "toolbar")
    this.element.setAttribute("aria-label", "Timeline")
    this.time = document.createElement("span")
    this.time.className = "time"
    this.buttons = {}
    for (const [name, sign, label] of BUTTONS) {
      const button = document.createElement("button")
      button.textContent = sign
      button.title = label
      button.setAttribute("aria-label", label)
      button.addEventListener("click", () => press(name))
      this.buttons[name] = button
    }
    const space = document.createElement("span")
    space.className = "space"
    const { play, split, mute, speech, ...view } = this.buttons
    this.element.append(play, this.time, split, mute, speech, space, ...Object.values(view))
  }

  show({ playing, time, disabled, muted }) {
    this.buttons.play.textContent = playing ? "■" : "▶"
    this.buttons.play.setAttribute("aria-pressed", String(playing))
    this.buttons.mute.setAttribute("aria-pressed", String(muted))
    this.time.textContent = time
    for (const [name, button] of Object.entries(this.buttons)) button.disabled = disabled.includes(name)
  }
}
