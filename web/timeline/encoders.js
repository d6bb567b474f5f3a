// The tables of all Encode MultiTalk Audio nodes of the page.

const tables = new WeakMap() // node -> EncoderTable

export function keepTable(table) {
  tables.set(table.node, table)
}

/** The table of a node; null if it is no encoder. */
export function tableOf(node) {
  return (node && tables.get(node)) ?? null
}
