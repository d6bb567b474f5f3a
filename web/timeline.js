import { api } from "../../scripts/api.js"
import { app } from "../../scripts/app.js"
import { ClipTable } from "./timeline/clip_table.js"
import { ClipView } from "./timeline/clip_view.js"
import { pageColours } from "./timeline/colours.js"
import { EncoderTable } from "./timeline/encoder_table.js"
import { keepTable } from "./timeline/encoders.js"
import { readHistory } from "./timeline/history.js"
import { readWords, words } from "./timeline/locale.js"
import { exchangeVoices } from "./timeline/sockets.js"
import { TimelineView } from "./timeline/timeline_view.js"

const [ENCODER, FILM] = ["MultiTalkAudioEncoder", "MultiTalkLongVideo"]
const HEIGHTS = { [ENCODER]: 196, [FILM]: 180 }
const NARROWEST = 400 // pixels of a subgraph node with a timeline
const HIDDEN = "multitalk_timeline_hidden" // a property of a subgraph node
const LOOK = 250 // milliseconds between two looks for changes of the graph
const memories = new Map() // by workflow and node: undo makes all nodes again
const shown = new Set()
const retired = new Map() // elements of nodes that are gone, by workflow and node

app.registerExtension({
  name: "MultiTalk.Timeline",
  async init() {
    const style = document.createElement("link")
    style.rel = "stylesheet"
    style.href = new URL("./timeline/timeline.css", import.meta.url)
    document.head.append(style)
    setInterval(() => shown.forEach(look), LOOK)
    readHistory()
    api.addEventListener("execution_success", readHistory)
    await readWords() // before any node is made
  },
  nodeCreated(node) {
    if (node.comfyClass === ENCODER) addTimeline(node, ENCODER, encoderView(node, node))
    else if (node.comfyClass === FILM) addTimeline(node, FILM, new ClipView(new ClipTable(node), {}))
    else if (node.isSubgraphNode?.()) queueMicrotask(() => fold(node))
  },
  getNodeMenuItems(node) {
    if (!encoderIn(node)) return []
    const hidden = node.properties[HIDDEN]
    const callback = () => {
      node.properties[HIDDEN] = !hidden
      fold(node)
    }
    return [{ content: words(hidden ? "lanes.show" : "lanes.hide"), callback }]
  },
})

/** Show on a subgraph node the timeline of the encoder within, unless the user has hidden it. */
function fold(node) {
  const encoder = encoderIn(node)
  const before = node.widgets.find((widget) => widget.name === "timeline")
  if (before && node.properties[HIDDEN]) node.removeWidget(before)
  if (!encoder || before || node.properties[HIDDEN]) return
  addTimeline(node, ENCODER, encoderView(encoder, node))
  node.setSize([Math.max(NARROWEST, node.size[0]), Math.max(node.computeSize()[1], node.size[1])])
}

/** The only encoder in a subgraph; null if there is none, or more than one. */
function encoderIn(node) {
  const encoders = node.subgraph?.nodes.filter((each) => each.comfyClass === ENCODER) ?? []
  return encoders.length === 1 ? encoders[0] : null
}

function addTimeline(node, kind, view) {
  const widget = node.addDOMWidget("timeline", "multitalk_timeline", view.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => HEIGHTS[kind],
    getValue: () => "",
  })
  widget.serialize = false
  const entry = { view, node, key: null, seen: null }
  shown.add(entry)
  const placed = () => {
    if (!shown.has(entry)) return
    if (!view.canvas.element.clientHeight) app.canvas.setDirty(true, true) // in the page, but nowhere until it draws
    look(entry)
    view.draw()
  }
  const observer = new ResizeObserver(placed)
  observer.observe(view.element) // also once the page has placed it
  observer.observe(view.canvas.element) // which is lower where the sentence below is long
  const removed = widget.onRemove
  widget.onRemove = function (...given) {
    shown.delete(entry)
    if (entry.key) retired.set(entry.key, view.element)
    view.player?.stop()
    return removed?.apply(this, given)
  }
  app.canvas?.setDirty(true, true) // the page places the element when it draws the graph
}

/** The timeline of an encoder, on the node itself or on a subgraph node around it. */
function encoderView(encoder, node) {
  const table = new EncoderTable(encoder, node === encoder ? null : node, () => view.draw())
  const view = new TimelineView(table, {}, (...two) => exchangeVoices(encoder, ...two))
  if (node === encoder) keepTable(table)
  const before = node.onConnectionsChange
  node.onConnectionsChange = function (...given) {
    queueMicrotask(() => node.graph && table.read()) // when ComfyUI is done: a new link first breaks the old one
    return before?.apply(this, given)
  }
  return view
}

/** Read the inputs again if anything that the timeline shows has changed; nobody reports all changes of a graph. */
function look(entry) {
  const { view, node } = entry
  if (!node.graph || view.drag) return
  entry.key = `${node.graph.id} ${node.id}`
  takePlace(entry)
  if (!view.element.isConnected) return
  if (!memories.has(entry.key)) memories.set(entry.key, view.memory)
  if (view.memory !== memories.get(entry.key)) {
    view.memory = memories.get(entry.key)
    if (view.memory.focused) view.canvas.element.focus({ preventScroll: true })
  }
  const { width } = view.canvas.element.getBoundingClientRect()
  const seen = `${view.signature} ${width} ${JSON.stringify(pageColours())}`
  if (seen === entry.seen) return
  entry.seen = seen
  view.refresh()
}

/** Nodes 2.0 keeps showing the element of a node that undo has made again. */
function takePlace({ key, view }) {
  const before = retired.get(key)
  if (!before) return
  if (before.isConnected && !view.element.isConnected) before.replaceWith(view.element)
  retired.delete(key)
}
