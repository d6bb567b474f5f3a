import { api } from "../../scripts/api.js"
import { app } from "../../scripts/app.js"
import { ClipTable } from "./timeline/clip_table.js"
import { ClipView } from "./timeline/clip_view.js"
import { EncoderTable } from "./timeline/encoder_table.js"
import { keepTable } from "./timeline/encoders.js"
import { readHistory } from "./timeline/history.js"
import { exchangeVoices } from "./timeline/sockets.js"
import { TimelineView } from "./timeline/timeline_view.js"

const HEIGHTS = { MultiTalkAudioEncoder: 196, MultiTalkLongVideo: 180 }
const LOOK = 250 // milliseconds between two looks for changes of the graph
const memories = new Map() // by workflow and node: undo makes all nodes again
const shown = new Set()
const retired = new Map() // elements of nodes that are gone, by workflow and node

app.registerExtension({
  name: "MultiTalk.Timeline",
  init() {
    const style = document.createElement("link")
    style.rel = "stylesheet"
    style.href = new URL("./timeline/timeline.css", import.meta.url)
    document.head.append(style)
    setInterval(() => shown.forEach(look), LOOK)
    readHistory()
    api.addEventListener("execution_success", readHistory)
  },
  nodeCreated(node) {
    if (node.comfyClass in HEIGHTS) addTimeline(node)
  },
})

function addTimeline(node) {
  const view = node.comfyClass === "MultiTalkAudioEncoder" ? encoderView(node) : new ClipView(new ClipTable(node), {})
  const widget = node.addDOMWidget("timeline", "multitalk_timeline", view.element, {
    serialize: false,
    hideOnZoom: false,
    getMinHeight: () => HEIGHTS[node.comfyClass],
    getValue: () => "",
  })
  widget.serialize = false
  const entry = { view, node, key: null, seen: null }
  shown.add(entry)
  const removed = node.onRemoved
  node.onRemoved = function (...given) {
    shown.delete(entry)
    if (entry.key) retired.set(entry.key, view.element)
    view.player?.stop()
    return removed?.apply(this, given)
  }
}

function encoderView(node) {
  const table = new EncoderTable(node, () => view.draw())
  const view = new TimelineView(table, {}, (...two) => exchangeVoices(node, ...two))
  keepTable(table)
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
  const seen = `${view.signature} ${view.canvas.element.getBoundingClientRect().width}`
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
