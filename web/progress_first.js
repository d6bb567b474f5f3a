import { app } from "../../scripts/app.js"
import { api } from "../../scripts/api.js"

// Nodes that work for minutes show their progress and preview above their widgets, where ComfyUI puts both below.
export const NODES = ["MultiTalkSampler", "MultiTalkLongVideo"]
const FIRST = ["$$node-text-preview", "$$canvas-image-preview"]
export const TEXT_HEIGHT = 160 // as much as the lines that matter
const MARK = "multitalk-report"

// Nodes 2.0: a node's body is a flex column and its widgets are a grid, which CSS can reorder. Nodes are named by their
// ids, because what is set on an element is lost where the page draws it again. Each graph has its own ids.
const style = document.createElement("style")
const reported = new Set() // by graph and node
const keyOf = (node) => `${node.graph.id} ${node.id}`

/** Reorder the nodes of the graph that is open. */
function order() {
  const shown = app.canvas.graph?.nodes.filter((node) => reported.has(keyOf(node))) ?? []
  const nodes = `:is(${shown.map(({ id }) => `[data-node-id="${CSS.escape(id)}"]`).join()})`
  style.textContent = `
    .${MARK} .break-all { word-break: normal; overflow-wrap: anywhere }
    ${nodes} [data-testid^="node-body-"] > :first-child { order: -2 }
    ${nodes} [data-testid^="node-body-"] > img,
    ${nodes} [data-testid^="node-body-"] > img + div { order: -1 }
    ${nodes} [data-testid="node-widget"]:has(.widget-markdown) { order: -1 }
  `
}

app.registerExtension({
  name: "MultiTalk.ProgressFirst",
  setup() {
    document.head.append(style)
    order()
    app.canvas.canvas.addEventListener("litegraph:set-graph", order)
    api.addEventListener("progress_text", ({ detail }) => {
      const id = String(detail.nodeId).split(":").at(-1) // of the node in its own subgraph
      const node = app.canvas.graph?.getNodeById(id)
      if (!NODES.includes(node?.comfyClass) || reported.has(keyOf(node))) return
      reported.add(keyOf(node))
      order()
    })
  },
  afterConfigureGraph: order,
  nodeCreated(node) {
    if (!NODES.includes(node.comfyClass)) return
    const before = node.getLayoutWidgets
    node.getLayoutWidgets = function () {
      const widgets = before.call(this)
      const isFirst = (widget) => FIRST.includes(widget.name)
      const text = widgets.find((widget) => widget.name === FIRST[0])
      if (text) {
        text.options.getMinHeight = () => TEXT_HEIGHT
        text.props.class = MARK
      }
      return [...widgets.filter(isFirst), ...widgets.filter((widget) => !isFirst(widget))]
    }
  },
})
