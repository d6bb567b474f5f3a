// Exchanges what is linked to the sockets of two speakers.

import { asOneStep, outsideOf } from "./graph.js"
import { socketOf } from "./voices.js"

/**
 * Exchange the links of two speakers' sockets on Encode MultiTalk Audio: one step of undo.
 * Those of a node within a subgraph are exchanged outside, where its sockets have the same names as before.
 */
export function exchangeVoices(encoder, first, second) {
  const { node, names } = whereLinked(encoder, [socketOf(encoder, first), socketOf(encoder, second)])
  const slots = names.map((name) => node.inputs.findIndex((input) => input.name === name))
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

function whereLinked(node, names) {
  const outside = names.map((name) => outsideOf(node, name))
  if (!outside.every(Boolean)) return { node, names }
  const [[host]] = outside
  return whereLinked(
    host,
    outside.map(([, name]) => name),
  )
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
