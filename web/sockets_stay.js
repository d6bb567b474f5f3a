import { app } from "../../scripts/app.js"

const MORE_THAN_ANY = 100

app.registerExtension({
  name: "MultiTalk.SocketsStay",
  // When a socket of a growing group is unplugged, ComfyUI moves the links after it up, except below the group's minimum.
  // A voice and a mask must stay with their person, so all sockets count as below it.
  nodeCreated(node) {
    if (!node.comfyClass?.startsWith("MultiTalk")) return
    const changed = node.onConnectionsChange
    node.onConnectionsChange = function (...change) {
      for (const group of Object.values(this.comfyDynamic?.autogrow ?? {})) group.min = MORE_THAN_ANY
      return changed?.apply(this, change)
    }
  },
})
