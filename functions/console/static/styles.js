// Styles that only some views need: the first view does without them.

import { h } from "./dom.js";

// Load a style sheet that is beside this file; the view that needs it waits.
export function styled(name) {
  return new Promise((resolve, reject) => {
    const href = new URL(name, import.meta.url).href;
    document.head.append(h("link", { rel: "stylesheet", href, load: resolve, error: () => reject(new Error(`${name} can't be loaded.`)) }));
  });
}
