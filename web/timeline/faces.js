// The persons of a picture, as Locate MultiTalk Persons showed them in its last run.

import { api } from "../../../scripts/api.js"
import { isShared, originOf, shownBy, takersOf, viewAddress } from "./graph.js"

const FILMS = ["MultiTalkLongVideo", "MultiTalkSampler", "MultiTalkApply"]
const pictures = new Map() // address -> HTMLImageElement

/** Faces by speaker, from 0: { address, box }; none before the first run, and none for several pictures. */
export function facesFor(encoder) {
  if (isShared(encoder)) return []
  for (const film of takersOf(encoder, "audio", FILMS)) {
    const locate = originOf(film, "persons")?.node
    const shown = locate && shownBy(locate)
    const picture = shown?.images?.[0]
    if (picture && shown.multitalk_persons) {
      const address = api.apiURL(viewAddress(picture))
      return shown.multitalk_persons.map((box) => ({ address, box }))
    }
  }
  return []
}

/** Draw a face into a canvas: the upper, square part of the person. */
export function drawFace(canvas, { address, box }) {
  let picture = pictures.get(address)
  if (!picture) {
    picture = new Image()
    picture.src = address
    pictures.set(address, picture)
  }
  const draw = () => {
    const [left, top, right, bottom] = box
    const width = (right - left) * picture.naturalWidth
    const height = (bottom - top) * picture.naturalHeight
    const side = Math.min(width, height)
    const x = left * picture.naturalWidth + (width - side) / 2
    const pen = canvas.getContext("2d")
    pen.clearRect(0, 0, canvas.width, canvas.height)
    pen.drawImage(picture, x, top * picture.naturalHeight, side, side, 0, 0, canvas.width, canvas.height)
  }
  if (picture.complete) draw()
  else picture.addEventListener("load", draw, { once: true })
}
