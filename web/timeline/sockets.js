// Exchanges what is linked to the sockets of two speakers.

import { asOneStep } from "./graph.js"
import { socketOf } from "./voices.js"

/** Exchange the links of two speakers' sockets on Encode MultiTalk Audio: one step of undo. */
export function exchangeVoices(node, first, second) {
  const slots = [first, second].map((speaker) => node.inputs.findIndex((input) => input.name === socketOf(node, speaker)))
  const sources = slots.map((slot) => sourceOf(node, slot))
  asOneStep(() => {
    for (const [index, slot] of slots.entries()) {
      const source = sources[1 - index]
      if (slot < 0) continue
      if (node.inputs[slot].link != null) node.disconnectInput(slot)
      if (source) connect(source, node, slot)
    }
  })
}

/** What is linked to a slot: a node's output, or an input of the subgraph around it. */
function sourceOf(node, slot) {
  const link = node.graph.getLink(node.inputs[slot]?.link)
  const ends = link?.resolve(node.graph)
  if (!ends) return null
  return ends.subgraphInput ? { outside: ends.subgraphInput } : { node: ends.outputNode, slot: link.origin_slot }
}

function connect(source, node, slot) {
  if (source.outside) source.outside.connect(node.inputs[slot], node)
  else source.node.connect(source.slot, node, slot)
}
