// The loudest sample of each hundredth of a second, and of any longer stretch.

export const RATE = 100

export class Peaks {
  /** @param {AudioBuffer} buffer */
  constructor(buffer) {
    const step = buffer.sampleRate / RATE
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel))
    this.levels = new Float32Array(Math.ceil(buffer.length / step))
    for (let place = 0; place < this.levels.length; place++) {
      const end = Math.min(buffer.length, Math.round((place + 1) * step))
      let loudest = 0
      for (const samples of channels) {
        for (let at = Math.round(place * step); at < end; at++) loudest = Math.max(loudest, Math.abs(samples[at]))
      }
      this.levels[place] = loudest
    }
    this.loudest = this.levels.reduce((most, level) => Math.max(most, level), 1e-3)
  }

  /** The loudest sample from one second to another, as a fraction of the loudest of all. */
  between(start, end) {
    const first = Math.max(0, Math.floor(start * RATE))
    const last = Math.min(this.levels.length, Math.max(first + 1, Math.ceil(end * RATE)))
    let loudest = 0
    for (let place = first; place < last; place++) loudest = Math.max(loudest, this.levels[place])
    return loudest / this.loudest
  }
}
