// The page's words in ComfyUI's language, from locales/<language>/main.json.

import { api } from "../../../scripts/api.js"
import { app } from "../../../scripts/app.js"

const ENGLISH = "en"
let languages = {}

/** Read the words of all languages; without an answer of the server, their keys are shown. */
export async function readWords() {
  languages = await api
    .fetchApi("/i18n")
    .then((answer) => answer.json())
    .catch(() => ({}))
}

/** The words of a key such as "turns.muted", with values in place of {their names}. */
export function words(key, values = {}) {
  const language = app.extensionManager.setting.get("Comfy.Locale")
  const text = find(language, key) ?? find(ENGLISH, key) ?? key
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name])
}

function find(language, key) {
  return key.split(".").reduce((part, name) => part?.[name], languages[language]?.multitalk)
}
