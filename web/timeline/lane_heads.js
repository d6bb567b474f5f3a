// The heads of the lanes: each speaker's face, name and colour, solo, and the place where another lane is dropped.

import { drawFace } from "./faces.js"
import { words } from "./locale.js"
import { speakerColour } from "./palette.js"
import { RULER_HEIGHT } from "./ruler.js"

const FACE = 64 // pixels, drawn smaller

export class LaneHeads {
  /** @param {{ solo: (speaker) => void, swap: (first, second) => void }} actions */
  constructor(actions) {
    this.actions = actions
    this.element = document.createElement("div")
    this.element.className = "heads"
    this.element.style.paddingTop = `${RULER_HEIGHT}px`
    this.shown = ""
    this.dragged = null
  }

  /** @param {{ speaker, label, face, solo }[]} lanes */
  show(lanes) {
    const shown = JSON.stringify(lanes)
    if (shown === this.shown) return
    this.shown = shown
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.key : null
    this.element.replaceChildren(...lanes.map((lane) => this.#head(lane, lanes.length)))
    if (focused) this.element.querySelector(`[data-key="${focused}"]`)?.focus()
  }

  #head({ speaker, label, face, solo }, speakers) {
    const head = document.createElement("div")
    head.className = "head"
    head.dataset.speaker = speaker
    head.style.setProperty("--speaker", speakerColour(speaker))
    head.append(this.#grip(speaker, label, face, speakers), this.#solo(speaker, label, solo))
    return head
  }

  /** The face and the name: dragged onto another lane, or moved with the arrow keys, it changes places with it. */
  #grip(speaker, label, face, speakers) {
    const grip = document.createElement("button")
    grip.className = "grip"
    grip.dataset.key = `grip-${speaker}`
    grip.title = words("lanes.grip")
    grip.setAttribute("aria-label", words("lanes.exchange", { name: label }))
    const name = document.createElement("span")
    name.className = "name"
    name.textContent = label
    grip.append(faceOf(face, speaker), name)
    grip.addEventListener("pointerdown", (event) => this.#grab(event, grip, speaker))
    grip.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
      if (!by) return
      event.preventDefault()
      event.stopPropagation()
      const other = speaker + by
      if (other < 1 || other > speakers) return
      this.actions.swap(speaker, other)
      this.element.querySelector(`[data-key="grip-${other}"]`)?.focus()
    })
    return grip
  }

  #grab(event, grip, speaker) {
    if (event.button) return
    grip.setPointerCapture(event.pointerId)
    const target = (move) => {
      const under = document.elementsFromPoint(move.clientX, move.clientY)
      return under.find((each) => each.classList.contains("head") && this.element.contains(each))
    }
    const mark = (move) => {
      for (const head of this.element.children) head.classList.toggle("target", head === target(move))
    }
    const drop = (up) => {
      grip.removeEventListener("pointermove", mark)
      const other = Number(target(up)?.dataset.speaker)
      for (const head of this.element.children) head.classList.remove("target")
      if (other && other !== speaker) this.actions.swap(speaker, other)
    }
    grip.addEventListener("pointermove", mark)
    grip.addEventListener("pointerup", drop, { once: true })
  }

  #solo(speaker, label, solo) {
    const button = document.createElement("button")
    button.className = "solo"
    button.dataset.key = `solo-${speaker}`
    button.textContent = "S"
    button.title = words("lanes.solo")
    button.setAttribute("aria-label", words("lanes.solo_of", { name: label }))
    button.setAttribute("aria-pressed", String(solo))
    button.addEventListener("click", () => this.actions.solo(speaker))
    return button
  }
}

function faceOf(face, speaker) {
  const element = document.createElement(face ? "canvas" : "span")
  element.className = "face"
  if (face) {
    element.width = element.height = FACE
    drawFace(element, face)
  } else {
    element.textContent = speaker
  }
  element.setAttribute("aria-hidden", "true")
  return element
}
