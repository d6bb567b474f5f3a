import { api } from "../../scripts/api.js"
import { app } from "../../scripts/app.js"

// ComfyUI's notice of a failed run names the node; why it failed stands in a log behind "View details". For what our
// nodes refuse, the sentence is shown at once.
const OURS = "MultiTalk" // how the server names our errors
let notice = null

const style = document.createElement("style") // below ComfyUI's notice, not over it
style.textContent = "body:has([data-testid='error-overlay']) .p-toast { margin-top: 140px }"

function clear() {
  if (notice) app.extensionManager.toast.remove(notice)
  notice = null
}

app.registerExtension({
  name: "MultiTalk.FailedRun",
  setup() {
    document.head.append(style)
    api.addEventListener("execution_start", clear)
    api.addEventListener("execution_error", ({ detail }) => {
      if (detail.exception_type !== OURS) return
      clear()
      notice = { severity: "error", summary: OURS, detail: detail.exception_message.trim() }
      app.extensionManager.toast.add(notice)
    })
  },
})
