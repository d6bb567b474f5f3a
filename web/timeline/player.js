// Plays turns of voices as a mix, from any second on, before anything is sampled.

const SOON = 0.05 // seconds until the first sound
const SCRUB_SECONDS = 0.12
let context = null

/** Plays what it is given: pieces of { buffer, start (in the film), offset (in the buffer), seconds }. */
export class Player {
  constructor() {
    this.sources = []
    this.began = null // { film, clock }
  }

  get playing() {
    return this.began !== null
  }

  /** The second of the film that is heard now. */
  get time() {
    if (!this.began) return null
    return this.began.film + Math.max(0, context.currentTime - this.began.clock)
  }

  /** Play from a second of the film on; resolves once the sound begins. */
  async play(pieces, from) {
    this.stop()
    context ??= new AudioContext()
    await context.resume()
    const clock = context.currentTime + SOON
    this.began = { film: from, clock }
    this.sources = pieces.flatMap((piece) => this.#source(piece, from, clock))
  }

  /** A moment of sound, as under a moving play head. */
  async scrub(pieces, at) {
    const near = pieces.flatMap((piece) => {
      const start = Math.max(piece.start, at)
      const seconds = Math.min(piece.start + piece.seconds, at + SCRUB_SECONDS) - start
      return seconds > 0 ? [{ ...piece, start, offset: piece.offset + start - piece.start, seconds }] : []
    })
    await this.play(near, at)
    this.began = null
  }

  stop() {
    for (const source of this.sources) source.stop()
    this.sources = []
    this.began = null
  }

  #source({ buffer, start, offset, seconds }, from, clock) {
    const late = Math.max(0, from - start)
    if (late >= seconds) return []
    const source = context.createBufferSource()
    source.buffer = buffer
    source.connect(context.destination)
    source.start(clock + Math.max(0, start - from), offset + late, seconds - late)
    return [source]
  }
}
