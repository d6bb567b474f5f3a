// Where a node's inputs come from and where its outputs go, across reroutes and subgraphs.

import { app } from "../../../scripts/app.js"
import { remembered } from "./history.js"

const DEEPEST = 64
const [MUTED, BYPASSED] = [2, 4] // modes of a node
let viewpoint = null // the subgraph node that is looked from

/** Look into a subgraph from one of the nodes that show it: the links and values are those of that node. */
export function asSeenFrom(host, look) {
  const before = viewpoint
  viewpoint = host
  try {
    return look()
  } finally {
    viewpoint = before
  }
}

/** The node and the output slot that an input's value comes from in a run: { node, slot }; null if there is none. */
export function originOf(node, inputName, depth = DEEPEST) {
  const input = node.inputs?.find((each) => each.name === inputName)
  return input && depth ? originOfLink(node.graph, input.link, depth) : null
}

function originOfLink(graph, linkId, depth) {
  const link = linkId == null ? null : graph?.getLink(linkId)
  const ends = link?.resolve(graph)
  if (!ends) return null
  if (ends.subgraphInput) {
    const host = hostOf(graph)
    return host ? originOf(host, ends.subgraphInput.name, depth - 1) : null
  }
  return ends.outputNode ? innerOrigin(ends.outputNode, link.origin_slot, depth) : null
}

function innerOrigin(node, slot, depth) {
  if (depth <= 0 || node.mode === MUTED) return null
  if (node.mode === BYPASSED) return originOf(node, throughWhich(node, slot), depth - 1)
  if (node.isSubgraphNode?.()) {
    const inner = node.subgraph.outputNode?.slots?.[slot]?.linkIds?.[0]
    return originOfLink(node.subgraph, inner, depth - 1)
  }
  if (node.type === "Reroute") return originOf(node, node.inputs[0]?.name, depth - 1)
  return { node, slot }
}

/** The input that a bypassed node hands on to an output: the one in the same place, else the first of its type. */
function throughWhich({ inputs, outputs }, slot) {
  const fits = (input) => input?.type === outputs[slot].type
  return (fits(inputs[slot]) ? inputs[slot] : inputs.find(fits))?.name
}

/** The nodes that show a subgraph. */
export function hostsOf(subgraph) {
  return allNodes().filter((node) => node.isSubgraphNode?.() && node.subgraph === subgraph)
}

/** The node that a subgraph is looked at from, else the first that shows it. */
function hostOf(subgraph) {
  return viewpoint?.subgraph === subgraph ? viewpoint : hostsOf(subgraph)[0]
}

/** Whether several nodes show a subgraph that a node is in, at any depth, and so the node's own values. */
export function isShared(node) {
  const hosts = hostsOf(node.graph)
  return hosts.length > 1 || hosts.some(isShared)
}

/** All nodes of the workflow, those within subgraphs too. */
export function allNodes() {
  const graphs = [app.rootGraph, ...(app.rootGraph?.subgraphs?.values() ?? [])]
  return graphs.filter(Boolean).flatMap((graph) => graph.nodes)
}

/** The nodes of some kinds whose input comes from a node. */
export function takersOf(node, inputName, kinds) {
  return allNodes().filter((each) => kinds.includes(each.comfyClass) && originOf(each, inputName)?.node === node)
}

/** The widget that has the value of a node's input: its own, or that of the subgraph node where it was promoted. */
export function widgetOf(node, name) {
  const promoted = outsideOf(node, name)
  return promoted ? widgetOf(...promoted) : node?.widgets?.find((widget) => widget.name === name)
}

/** The subgraph node, and its input there, from which an input within a subgraph comes; null if none, or several and none is looked from. */
export function outsideOf(node, name) {
  const input = node?.inputs?.find((each) => each.name === name)
  const link = input?.link == null ? null : node.graph?.getLink(input.link)
  const outside = link?.resolve(node.graph)?.subgraphInput
  if (!outside || (hostsOf(node.graph).length > 1 && viewpoint?.subgraph !== node.graph)) return null
  const host = hostOf(node.graph)
  return host ? [host, outside.name] : null
}

/** What the page calls a widget of a node. */
export function labelOf(node, name) {
  return node.widgets?.find((widget) => widget.name === name)?.label ?? name
}

/** The value of a widget, or another where the node has none of this name. */
export function valueOf(node, name, otherwise) {
  return widgetOf(node, name)?.value ?? otherwise
}

/** Whether a widget's value comes over a link, and is not known here. */
export function isLinked(node, name) {
  const promoted = outsideOf(node, name)
  if (promoted) return isLinked(...promoted)
  return node.inputs?.some((input) => input.name === name && input.link != null) ?? false
}

/** Take the link of a widget away, so that its own value counts. */
export function unlink(node, name) {
  const promoted = outsideOf(node, name)
  if (promoted) return unlink(...promoted)
  const slot = node.inputs?.findIndex((input) => input.name === name && input.link != null) ?? -1
  if (slot >= 0) node.disconnectInput(slot)
}

/** Change a graph as one step of ComfyUI's undo. */
export function asOneStep(change) {
  app.canvas.emitBeforeChange()
  try {
    change()
  } finally {
    app.canvas.emitAfterChange()
  }
  app.canvas.setDirty(true, true)
}

/** Set a widget's value as if it was typed. */
export function setValue(node, name, value) {
  const widget = widgetOf(node, name)
  if (!widget || widget.value === value) return
  const before = widget.value
  widget.value = value
  widget.callback?.(value)
  node.onWidgetChanged?.(name, value, before, widget)
}

/**
 * What the last run of a node showed; ComfyUI keeps it by the node's graph, which several nodes may show, the server by
 * its place in the run.
 */
export function shownBy(node) {
  const inside = node.graph && node.graph !== app.rootGraph
  const shown = app.nodeOutputs?.[inside ? `${node.graph.id}:${node.id}` : String(node.id)]
  return (isShared(node) ? null : shown) ?? remembered(app.rootGraph?.id, placeOf(node))
}

/** A node's place in a run: its id after those of the subgraphs around it. */
function placeOf(node) {
  const host = node.graph && node.graph !== app.rootGraph ? hostOf(node.graph) : null
  return host ? `${placeOf(host)}:${node.id}` : String(node.id)
}

/** The address of a file in one of ComfyUI's folders. */
export function viewAddress({ filename, subfolder = "", type = "input" }) {
  return `/view?${new URLSearchParams({ filename, subfolder, type })}`
}
