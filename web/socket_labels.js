import { app } from "../../scripts/app.js"

// ComfyUI shows a socket's name from the schema in place of its translation, keeps it in saved graphs, and finds no
// tooltip for a socket with a translation. So the label is the translation, and not saved.
function label(node, words) {
  for (const input of node.inputs) {
    if (input.localized_name && input.localized_name !== input.name) words.set(input.name, input.localized_name)
    const translation = words.get(input.name)
    if (!translation || input.widget) continue
    input.localized_name = input.name
    const inSchema = node.constructor.nodeData?.inputs?.[input.name]?.display_name ?? input.name.split(".").at(-1)
    if (!input.label || input.label === inSchema) input.label = translation
  }
}

app.registerExtension({
  name: "MultiTalk.SocketLabels",
  nodeCreated(node) {
    if (!node.comfyClass?.startsWith("MultiTalk")) return
    const words = new Map()
    label(node, words)
    for (const event of ["onInputAdded", "onConfigure"]) {
      const before = node[event]
      node[event] = function (...given) {
        label(node, words) // at once: Nodes 2.0 draws a socket's label as it is when the socket comes
        return before?.apply(this, given)
      }
    }
    const before = node.onSerialize
    node.onSerialize = function (saved) {
      for (const input of saved.inputs ?? []) if (input.label === words.get(input.name)) delete input.label
      return before?.call(this, saved)
    }
  },
})
