// What nodes showed in earlier runs of a workflow: for a page that was opened again, where ComfyUI only has its cache.

import { api } from "../../../scripts/api.js"

const MOST_RUNS = 30
const outputs = new Map() // by workflow and node

/** Read what the server still knows of earlier runs; the latest of each node counts. */
export async function readHistory() {
  const runs = await api
    .fetchApi(`/history?max_items=${MOST_RUNS}`)
    .then((answer) => answer.json())
    .catch(() => ({})) // no server for now, or other nodes have left what JSON cannot say
  for (const { prompt, outputs: shown } of Object.values(runs)) {
    const workflow = prompt[3]?.extra_pnginfo?.workflow?.id
    for (const [node, output] of Object.entries(shown)) outputs.set(`${workflow} ${node}`, output)
  }
}

/** What a node of a workflow showed last, by its place in the run, such as "5:6" within a subgraph. */
export function remembered(workflow, place) {
  return outputs.get(`${workflow} ${place}`)
}
