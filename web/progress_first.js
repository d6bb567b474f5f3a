import { app } from "../../scripts/app.js"
import { api } from "../../scripts/api.js"

// Nodes that work for minutes show their progress and preview above their widgets, where ComfyUI puts both below.
const NODES = ["MultiTalkSampler", "MultiTalkLongVideo"]
const FIRST = ["$$node-text-preview", "$$canvas-image-preview"]
const TEXT_HEIGHT = 130 // as much as the lines that matter
const MARK = "data-multitalk-progress"

// Nodes 2.0: a node's body is a flex column and its widgets are a grid, which CSS can reorder.
const style = document.createElement("style")
style.textContent = `
  [${MARK}] [data-testid^="node-body-"] > :first-child { order: -2 }
  [${MARK}] [data-testid^="node-body-"] > img,
  [${MARK}] [data-testid^="node-body-"] > img + div { order: -1 }
  [${MARK}] [data-testid="node-widget"]:has(.widget-markdown) { order: -1 }
`

app.registerExtension({
  name: "MultiTalk.ProgressFirst",
  setup() {
    document.head.append(style)
    api.addEventListener("progress_text", ({ detail }) => {
      const id = String(detail.nodeId).split(":").at(-1) // of the node in its own subgraph
      if (!NODES.includes(app.canvas.graph?.getNodeById(id)?.comfyClass)) return
      document.querySelector(`[data-node-id="${CSS.escape(id)}"]`)?.setAttribute(MARK, "")
    })
  },
  nodeCreated(node) {
    if (!NODES.includes(node.comfyClass)) return
    const before = node.getLayoutWidgets
    node.getLayoutWidgets = function () {
      const widgets = before.call(this)
      const isFirst = (widget) => FIRST.includes(widget.name)
      const text = widgets.find((widget) => widget.name === FIRST[0])
      if (text) text.options.getMinHeight = () => TEXT_HEIGHT
      return [...widgets.filter(isFirst), ...widgets.filter((widget) => !isFirst(widget))]
    }
  },
})
