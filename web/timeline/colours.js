// ComfyUI's own colours, of the palette that the user has chosen.

export function pageColours() {
  const style = getComputedStyle(document.body)
  const colour = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  return {
    ground: colour("--comfy-input-bg", "#222"),
    line: colour("--border-color", "#4e4e4e"),
    text: colour("--input-text", "#ddd"),
    faint: colour("--descrip-text", "#999"),
    bright: colour("--fg-color", "#fff"),
  }
}
