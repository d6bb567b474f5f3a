// The buttons above the lanes.

import { words } from "./locale.js"

const BUTTONS = { play: "▶", split: "✂", mute: "∅", speech: "⫶", out: "−", in: "+", fit: "↔" }

export class Toolbar {
  /** @param {(name: string) => void} press */
  constructor(press) {
    this.element = document.createElement("div")
    this.element.className = "bar"
    this.element.setAttribute("role", "toolbar")
    this.element.setAttribute("aria-label", words("toolbar.label"))
    this.time = document.createElement("span")
    this.time.className = "time"
    this.buttons = {}
    for (const [name, sign] of Object.entries(BUTTONS)) {
      const button = document.createElement("button")
      button.textContent = sign
      button.title = words(`toolbar.${name}`)
      button.setAttribute("aria-label", button.title)
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
