// The sound of a speaker's voice: which file is behind a socket, and its decoded samples.

import { api } from "../../../scripts/api.js"
import { originOf, shownBy, valueOf, viewAddress } from "./graph.js"
import { words } from "./locale.js"
import { Peaks } from "./peaks.js"

export const MOST_SPEAKERS = 8
const RATE = 24000 // of decoded voices: 10 minutes of 8 voices fit in memory
const decoded = new Map() // address -> { voice } | { pending } | { error }
const MOST_KEPT = 16

/** The socket of a speaker: its input's name on the node, or null. */
export function socketOf(node, speaker) {
  return node.inputs?.find((input) => input.name === `speaker_${speaker}`)?.name ?? null
}

/** The numbers of the speakers whose sockets are linked to something that runs. */
export function linkedSpeakers(node) {
  const numbers = Array.from({ length: MOST_SPEAKERS }, (_, index) => index + 1)
  return numbers.filter((speaker) => originOf(node, socketOf(node, speaker)))
}

/** The address of a speaker's voice: of the linked file, else of the last run's; null while neither is known. */
export function addressOf(node, speaker) {
  const origin = originOf(node, socketOf(node, speaker))?.node
  const file = valueOf(origin, "audio")
  if (origin?.comfyClass === "MultiTalkLoadVoice" && file) {
    const query = { audio: file, track: valueOf(origin, "track", ""), channel: valueOf(origin, "channel", "all") }
    return `/multitalk/voice?${new URLSearchParams(query)}`
  }
  if (origin?.comfyClass === "LoadAudio" && file) return viewAddress(fileOf(file))
  const shown = shownBy(node)?.multitalk_voices?.find((voice) => voice.speaker === speaker)
  return shown ? viewAddress(shown) : null
}

/** A file as its loader names it: "take/talk.wav [output]". */
function fileOf(name) {
  const [, path, type] = /^(.*?)(?: \[(input|output|temp)\])?$/.exec(name)
  const cut = path.lastIndexOf("/")
  return { filename: path.slice(cut + 1), subfolder: path.slice(0, Math.max(0, cut)), type: type ?? "input" }
}

/**
 * The voice at an address: { buffer, peaks, seconds }; null until it is decoded.
 * @param {() => void} changed called once it is decoded, or cannot be.
 */
export function voiceAt(address, changed) {
  if (!address) return null
  const known = decoded.get(address)
  if (known) {
    decoded.delete(address)
    decoded.set(address, known)
    if (known.pending && !known.waiting.includes(changed)) known.waiting.push(changed)
    return known.voice ?? null
  }
  const entry = { pending: true, waiting: [changed] }
  decoded.set(address, entry)
  if (decoded.size > MOST_KEPT) decoded.delete(decoded.keys().next().value)
  decode(address)
    .then((voice) => (entry.voice = voice))
    .catch((error) => (entry.error = error.message))
    .finally(() => {
      entry.pending = false
      for (const each of entry.waiting.splice(0)) each()
    })
  return null
}

/** Why the voice at an address cannot be shown; null if it can, or is not yet decoded. */
export function faultOf(address) {
  return decoded.get(address)?.error ?? null
}

async function decode(address) {
  const answer = await api.fetchApi(address)
  if (!answer.ok) throw new Error(words("files.unread"))
  if (answer.headers.get("content-type")?.startsWith("application/json")) throw new Error((await answer.json()).error)
  const bytes = await answer.arrayBuffer()
  try {
    const buffer = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes)
    return { buffer, peaks: new Peaks(buffer), seconds: buffer.duration }
  } catch {
    throw new Error(words("files.undecoded"))
  }
}
