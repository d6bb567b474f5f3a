import { app } from "../../scripts/app.js"

// Sockets of which a node has one for each speaker or person, by what their ids begin with.
const GROUPS = { MultiTalkAudioEncoder: "speaker_", MultiTalkPersonLocalizer: "method.person_" }

// Every socket stays in its place, so that a voice stays with its person whatever is unplugged. Only the empty ones
// after the first empty one that follows the last link are hidden: ComfyUI draws what is in node.inputs, so they wait
// outside it.
function show(node, prefix, hidden, saved) {
  const inGroup = (input) => input.name.startsWith(prefix)
  const number = (input) => Number(input.name.slice(prefix.length))
  const shown = node.inputs.filter(inGroup)
  if (!shown.length) return hidden.clear()
  for (const input of shown) hidden.set(number(input), input)
  const last = Math.max(0, ...shown.filter((input) => input.link != null).map(number))
  const wanted = [...hidden.keys()].sort((a, b) => a - b).filter((each) => each <= last + 1)
  if (wanted.length === shown.length && wanted.every((each, place) => number(shown[place]) === each)) return

  const room = Math.max(0, node.size[1] - node.computeSize()[1])
  const place = node.inputs.findIndex(inGroup)
  const others = node.inputs.filter((input) => !inGroup(input))
  others.splice(place, 0, ...wanted.map((each) => hidden.get(each)))
  node.inputs.splice(0, node.inputs.length, ...others)
  node.inputs.forEach((input, slot) => {
    const link = input.link != null && node.graph?.getLink(input.link)
    if (link) link.target_slot = slot
  })
  node._setConcreteSlots()
  const height = node.computeSize()[1]
  node.setSize([node.size[0], saved === null ? height + room : Math.max(height, saved)])
  if (node.graph) node.arrange()
  app.canvas?.setDirty(true, true)
}

app.registerExtension({
  name: "MultiTalk.SocketsStay",
  nodeCreated(node) {
    const prefix = GROUPS[node.comfyClass]
    if (!prefix) return
    const hidden = new Map()
    let waiting = false
    let saved = null // height in the graph that is opened
    // Not while ComfyUI itself is at work on the sockets.
    const later = (event, given) => {
      if (event === "onConfigure") saved = given[0].size?.[1] ?? null
      if (waiting) return
      waiting = true
      queueMicrotask(() => {
        waiting = false
        show(node, prefix, hidden, saved)
        saved = null
      })
    }
    for (const event of ["onInputAdded", "onConnectionsChange", "onConfigure"]) {
      const before = node[event]
      node[event] = function (...given) {
        later(event, given)
        return before?.apply(this, given)
      }
    }
    later()
  },
})
