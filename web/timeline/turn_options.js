// The turns as a list for screen readers, inside the canvas that draws them: no more of them than somebody steps through.

import { words } from "./locale.js"

const MOST = 200

let lists = 0

export class TurnOptions {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas
    this.id = `multitalk-turns-${++lists}`
    canvas.tabIndex = 0
    canvas.setAttribute("role", "listbox")
    canvas.setAttribute("aria-label", words("lanes.turns"))
    canvas.setAttribute("aria-keyshortcuts", "Shift+ArrowLeft Shift+ArrowRight S M Space")
  }

  /** @param {string[]} sentences one a turn, in order of time; @param {number} chosen the place among them, or -1 */
  show(sentences, chosen) {
    const first = Math.max(0, Math.min(chosen - MOST / 2, sentences.length - MOST))
    const options = sentences.slice(first, first + MOST).map((sentence, index) => {
      const option = document.createElement("div")
      const place = first + index
      option.id = `${this.id}-${place}`
      option.textContent = sentence
      option.setAttribute("role", "option")
      option.setAttribute("aria-selected", String(place === chosen))
      option.setAttribute("aria-posinset", place + 1)
      option.setAttribute("aria-setsize", sentences.length)
      return option
    })
    this.canvas.replaceChildren(...options)
    if (chosen >= 0) this.canvas.setAttribute("aria-activedescendant", `${this.id}-${chosen}`)
    else this.canvas.removeAttribute("aria-activedescendant")
  }
}
