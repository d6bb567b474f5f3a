import { api } from "../../scripts/api.js"
import { app } from "../../scripts/app.js"

// What a node within a subgraph reports, ComfyUI shows inside only; the blueprint's node shows it outside, too: above
// its widgets, as a node of ours does.
const NODES = ["MultiTalkSampler", "MultiTalkLongVideo"]
const NAME = "multitalk_report"
const HEIGHT = 160 // as much as the lines that matter

const style = document.createElement("style")
style.textContent = `
  .${NAME} { padding: 8px 16px; overflow-y: auto; font-size: 12px; white-space: pre-line; overflow-wrap: anywhere }
  [data-testid="node-widget"]:has(.${NAME}) { order: -1 }
`

/** The subgraph node of the open graph within which a node of ours runs; null if there is none. */
function hostOf(path) {
  let [graph, host, node] = [app.rootGraph, null, null]
  for (const id of path) {
    node = graph?.getNodeById(id)
    if (graph === app.canvas.graph) host = node
    graph = node?.subgraph
  }
  return host !== node && NODES.includes(node?.comfyClass) ? host : null
}

function report(node) {
  const before = node.widgets.find((widget) => widget.name === NAME)
  if (before) return before.element
  const element = document.createElement("div")
  element.className = NAME
  element.dataset.captureWheel = "true"
  const widget = node.addDOMWidget(NAME, NAME, element, {
    serialize: false,
    getMinHeight: () => HEIGHT,
    getValue: () => "",
  })
  widget.serialize = false
  const layout = node.getLayoutWidgets
  node.getLayoutWidgets = function () { // the classic canvas's order; that of the values stays
    return layout.call(this).toSorted((one, other) => (other === widget) - (one === widget))
  }
  node.setSize([node.size[0], Math.max(node.computeSize()[1], node.size[1])])
  return element
}

app.registerExtension({
  name: "MultiTalk.FoldedReport",
  setup() {
    document.head.append(style)
    api.addEventListener("progress_text", ({ detail }) => {
      const node = hostOf(String(detail.nodeId).split(":"))
      if (!node) return
      const { body } = new DOMParser().parseFromString(detail.text, "text/html") // its signs of markup are escaped
      report(node).textContent = body.textContent
    })
  },
})
