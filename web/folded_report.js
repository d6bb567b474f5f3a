import { api } from "../../scripts/api.js"
import { app } from "../../scripts/app.js"
import { NODES, TEXT_HEIGHT } from "./progress_first.js"

// What a node within a subgraph reports, ComfyUI shows inside only; the blueprint's node shows it outside, too: above
// its widgets, as a node of ours does.
const NAME = "multitalk_report"

let running = null // a promise of the workflow whose job runs

const style = document.createElement("style")
style.textContent = `
  .${NAME} { padding: 8px 16px; overflow-y: auto; font-size: 12px; white-space: pre-line; overflow-wrap: anywhere }
  [data-testid="node-widget"]:has(.${NAME}) { order: -1 }
`

/** The id of the workflow whose job runs: what a node reports does not name its job. */
async function workflowOfJob() {
  const { queue_running } = await api
    .fetchApi("/queue")
    .then((answer) => answer.json())
    .catch(() => ({})) // no server for now
  return queue_running?.[0]?.[3]?.extra_pnginfo?.workflow?.id
}

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
    getMinHeight: () => TEXT_HEIGHT,
    getValue: () => "",
  })
  widget.serialize = false
  const layout = node.getLayoutWidgets
  node.getLayoutWidgets = function () { // the classic canvas's order; that of the values stays
    return layout.call(this).toSorted((one, other) => (other === widget) - (one === widget))
  }
  const height = node.size[1]
  node.setSize([node.size[0], Math.max(node.computeSize()[1], height)])
  const serialized = node.onSerialize
  node.onSerialize = function (data) { // the report is not saved, nor is the height that it needs
    serialized?.call(this, data)
    data.size = [data.size[0], Math.min(height, data.size[1])]
  }
  return element
}

app.registerExtension({
  name: "MultiTalk.FoldedReport",
  setup() {
    document.head.append(style)
    const start = () => (running = workflowOfJob())
    start() // the page may have been opened meanwhile
    api.addEventListener("execution_start", start)
    api.addEventListener("progress_text", async ({ detail }) => {
      if ((await running) !== app.rootGraph.id) return
      const node = hostOf(String(detail.nodeId).split(":"))
      if (!node) return
      const { body } = new DOMParser().parseFromString(detail.text, "text/html") // its signs of markup are escaped
      report(node).textContent = body.textContent
    })
  },
})
