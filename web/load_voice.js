import { app } from "../../scripts/app.js"

app.registerExtension({
  name: "MultiTalk.LoadVoice",
  // ComfyUI's upload button needs its player, which ComfyUI adds to its own nodes alone and which must come first.
  async beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name !== "MultiTalkLoadVoice") return
    const { upload, ...inputs } = nodeData.input.required
    nodeData.input.required = { ...inputs, audioUI: ["AUDIO_UI", {}], upload: ["AUDIOUPLOAD", {}] }
  },
})
