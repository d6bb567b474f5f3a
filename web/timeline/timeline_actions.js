// What the buttons and the keys of the timeline do.

import { moved, removed, split, toggled, trimmed } from "./turns.js"

const ZOOM = 1.5
const STEPS = { left: -1, right: 1, "far left": -10, "far right": 10 } // frames

/** Do what a name of timeline_keys.js says, such as "mute" or "move by far left". */
export function act(view, name) {
  const { fps } = view.table
  const [what, where] = name.split(" by ")
  const by = STEPS[where] / fps
  const actions = {
    play: () => view.play(),
    split: () => view.edit((turns, place) => split(turns, place, cutOf(view, turns[place]), fps)),
    mute: () => view.edit(toggled),
    remove: () => view.edit(removed),
    speech: () => view.speech(),
    in: () => view.zoom(ZOOM),
    out: () => view.zoom(1 / ZOOM),
    fit: () => Object.assign(view.memory, { scale: null }),
    leave: () => view.canvas.element.blur(),
    next: () => choose(view, 1),
    previous: () => choose(view, -1),
    first: () => (view.memory.head = 0),
    last: () => (view.memory.head = view.table.seconds),
    head: () => (view.memory.head = Math.min(Math.max(0, view.memory.head + by), view.longest)),
    move: () => view.edit((turns, place) => moved(turns, place, turns[place].start + by, { fps })),
    start: () => view.edit((turns, place) => trim(view.table, turns, place, { edge: "start", by })),
    end: () => view.edit((turns, place) => trim(view.table, turns, place, { edge: "end", by })),
  }
  actions[what]()
}

function trim({ fps, voices }, turns, place, { edge, by }) {
  const voiceSeconds = voices.get(turns[place].voiceOf)?.seconds
  return trimmed(turns, place, edge, turns[place][edge] + by, { fps, voiceSeconds })
}

/** The play head if it is in the turn, else its middle. */
function cutOf({ memory }, { start, end }) {
  return memory.head > start && memory.head < end ? memory.head : (start + end) / 2
}

function choose(view, by) {
  const order = view.inTime()
  if (!order.length) return
  const now = order.indexOf(view.selected)
  const next = now < 0 ? (by > 0 ? 0 : order.length - 1) : Math.min(Math.max(0, now + by), order.length - 1)
  view.memory.selected = order[next]
  if (view.memory.scale) {
    view.canvas.ruler.show(view.turns[order[next]].start)
    view.remember()
  }
}
