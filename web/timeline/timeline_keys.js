// What each key does in the timeline: the name of an action, or null.

const PLAIN = {
  ArrowRight: "next",
  ArrowDown: "next",
  ArrowLeft: "previous",
  ArrowUp: "previous",
  Home: "first",
  End: "last",
  " ": "play",
  s: "split",
  m: "mute",
  Delete: "remove",
  Backspace: "remove",
  "+": "in",
  "=": "in",
  "-": "out",
  0: "fit",
  Escape: "leave",
  ",": "head by left",
  ".": "head by right",
}
const SIDES = { ArrowLeft: "left", ArrowRight: "right" }

/** Shift moves the turn by a frame, Alt its end, Alt and Shift its start; with Ctrl by ten frames. */
export function keyOf(event) {
  const side = SIDES[event.key]
  const ctrl = event.ctrlKey || event.metaKey
  if (side && (event.shiftKey || event.altKey)) {
    const what = event.altKey ? (event.shiftKey ? "start" : "end") : "move"
    return `${what} by ${ctrl ? "far " : ""}${side}`
  }
  if (ctrl || event.altKey) return null // ComfyUI's own, such as undo
  return PLAIN[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null
}
