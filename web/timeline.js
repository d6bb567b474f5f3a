import { app } from "../../scripts/app.js"
import { ClipTable } from "./timeline/clip_table.js"
import { ClipView } from "./timeline/clip_view.js"
import { EncoderTable } from "./timeline/encoder_table.js"
import { keepTable } from "./timeline/encoders.js"
import { exchangeVoices } from "./timeline/sockets.js"
import { TimelineView } from "./timeline/timeline_view.js"

const HEIGHTS = { MultiTalkAudioEncoder: 196, MultiTalkLongVideo: 170 }
const LOOK = 250 // milliseconds between two looks for changes of the graph
const memories = new Map() // by workflow and node: undo makes all nodes again
const shown = new Set()

app.registerExtension({
  name: "MultiTalk.Timeline",
  init() {
    const style = document.createElement("link")
    style.rel = "stylesheet"
    style.href = new URL("./timeline/timeline.css", import.meta.url)
    document.head.append(style)
    setInterval(() => shown.forEach(look), LOOK)
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
  const entry = { view, node, seen: null }
  shown.add(entry)
  const removed = node.onRemoved
  node.onRemoved = function (...given) {
    shown.delete(entry)
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
  if (!view.element.isConnected || !node.graph || view.drag) return
  const key = `${node.graph.id} ${node.id}`
  if (!memories.has(key)) memories.set(key, view.memory)
  if (view.memory !== memories.get(key)) {
    view.memory = memories.get(key)
    if (view.memory.focused) view.canvas.element.focus({ preventScroll: true })
  }
  const seen = `${view.table.signature} ${view.canvas.element.getBoundingClientRect().width}`
  if (seen === entry.seen) return
  entry.seen = seen
  view.refresh()
}
