// The rows of the list, and how they stay up to date without moving under whoever reads them.

import { h, hidden, icon } from "./dom.js";
import { STATUSES } from "./filters.js";
import * as format from "./format.js";

const COLUMNS = ["Time", "", "From", "To", "Answered by", "Status", "Wait", "Talk"];
const GHOSTS = 8; // rows while nothing is there yet

export class CallTable {
  #rows = new Map();
  #groups = new Map();
  #newest = ""; // when the newest call that was drawn began

  constructor() {
    const head = COLUMNS.map((name, at) => h("th", { role: "columnheader", scope: "col", class: `c${at}` }, name || hidden("Direction")));
    this.element = h("table", { class: "calls", role: "table", keydown: (event) => this.#move(event), click: open },
      h("caption", { class: "visually-hidden" }, "Calls, newest first"),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)));
  }

  // Show that rows are on their way.
  wait() {
    this.clear();
    const row = () => h("tr", { role: "row" }, COLUMNS.map((_, at) => h("td", { role: "cell", class: `c${at}` }, h("span", {}))));
    this.element.append(h("tbody", { class: "ghosts", role: "rowgroup", "aria-hidden": "true" }, Array.from({ length: GHOSTS }, row)));
    this.element.hidden = false;
  }

  clear() {
    this.element.querySelectorAll("tbody").forEach((body) => body.remove());
    this.#rows.clear();
    this.#groups.clear();
    this.#newest = "";
    this.element.hidden = true;
  }

  // Return the link of a call, if it is shown.
  link(id) {
    return this.#rows.get(id)?.querySelector("a");
  }

  // Bring the rows up to date, in this order; what has not changed is left alone, so that nobody loses their place.
  draw(calls, question) {
    this.element.querySelector(".ghosts")?.remove();
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    const hasDays = !question.isDated || new Set(calls.map((call) => format.dayOf(call.started_at))).size > 1;
    const wanted = Map.groupBy(calls, (call) => (call.state !== "ended" ? "open" : hasDays ? format.dayOf(call.started_at) : "calls"));
    const before = this.#newest;
    this.#newest = calls.reduce((last, call) => (call.started_at > last ? call.started_at : last), before);
    remove(this.#groups, wanted);
    const rows = new Map();
    let above = this.element.tHead;
    for (const [key, group] of wanted) {
      const body = this.#groups.get(key) ?? this.#group(key);
      place(body, above, this.element);
      above = body;
      let last = body.querySelector(".group");
      for (const call of group) {
        const row = drawn(this.#rows.get(call.call), call, question.search, before && call.started_at > before);
        place(row, last, body);
        last = row;
        rows.set(call.call, row);
      }
    }
    remove(this.#rows, rows);
    this.#rows = rows;
    focused?.focus({ preventScroll: true }); // a row that moves loses it
    this.element.hidden = !calls.length;
  }

  // Let the seconds of calls in progress pass.
  tick() {
    for (const element of this.element.querySelectorAll("[data-since]")) {
      element.textContent = since(element.dataset.since);
    }
  }

  #group(key) {
    const name = key === "open" ? "In progress" : key === "calls" ? null : format.dayName(key);
    const body = h("tbody", { class: `group-${key === "open" ? "open" : "ended"}`, role: "rowgroup" },
      name && h("tr", { class: "group", role: "row" }, h("th", { role: "rowheader", scope: "rowgroup", colspan: COLUMNS.length }, name)));
    this.#groups.set(key, body);
    return body;
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !event.target.matches("tr.call a") || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const links = [...this.element.querySelectorAll("tr.call a")];
    const at = links.indexOf(event.target) + step;
    links[Math.min(Math.max(at, 0), links.length - 1)].focus();
    event.preventDefault();
  }
}

// A click anywhere in a row is one on its link; who marks text to copy it opens nothing.
export function open(event) {
  const link = event.target.closest("tr.call")?.querySelector("a");
  if (link && !link.contains(event.target) && getSelection().isCollapsed) {
    const { ctrlKey, metaKey, shiftKey, altKey } = event;
    link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey, altKey }));
  }
}

// Remove the elements that are not wanted any more.
export function remove(elements, wanted) {
  for (const [key, element] of elements) {
    if (!wanted.has(key)) {
      element.remove();
      elements.delete(key);
    }
  }
}

// Put an element after another, or first in its parent, unless it is there.
export function place(element, after, parent) {
  if (element.parentElement === parent && element.previousElementSibling === after) {
    return;
  }
  after ? after.after(element) : parent.prepend(element);
}

// Return the row of a call: the one that there is, brought up to date, or a new one.
function drawn(row, call, search, isNew) {
  const stamp = JSON.stringify(call);
  if (row?.dataset.stamp === stamp) {
    return row;
  }
  const link = row?.querySelector("a") ?? h("a", { "data-route": "", href: `/calls/${call.call}${search}` });
  link.replaceChildren(h("time", { datetime: call.started_at, title: format.moment(call.started_at) }, format.clock(call.started_at)),
    hidden(`: ${call.summary ? format.line(call.summary) : "call"}`));
  const cell = (at, ...children) => h("td", { role: "cell", class: `c${at}` }, children);
  const cells = [
    row ? row.cells[0] : cell(0, link),
    cell(1, icon(call.direction), hidden(call.direction)),
    cell(2, who(call.from)),
    cell(3, who(call.to)),
    cell(4, call.answered_by ? who(call.answered_by) : null),
    cell(5, statusOf(call)),
    cell(6, ...waited(call)),
    cell(7, ...talked(call)),
  ];
  const made = row ?? h("tr", { role: "row" });
  made.className = `call is-${call.state === "ended" ? call.status ?? "unknown" : "open"}${isNew && !row ? " is-new" : ""}`;
  made.dataset.stamp = stamp;
  if (row) {
    cells.slice(1).forEach((one, at) => row.cells[at + 1].replaceWith(one)); // the link keeps the focus
  } else {
    made.append(...cells);
  }
  return made;
}

// Return how somebody is named, in a cell.
export function who(party) {
  const { name, number } = format.named(party);
  const words = [name, number].filter(Boolean).join(" ");
  return h("span", { class: "who", title: words },
    name && h("bdi", { class: "name" }, name), name && number ? " " : "", number && h("span", { class: name ? "number" : "number name" }, number));
}

// Return the status of a call, in words that a picture goes with.
export function statusOf(call) {
  if (call.state !== "ended") {
    return h("span", { class: "status status-open" }, icon("open"), call.state === "ringing" ? "Ringing" : call.status ? "Talking" : "Connected");
  }
  const shape = { answered: "answered", voicemail: "voicemail" }[call.status] ?? (call.status ? "missed" : "unknown");
  const seconds = call.status === "voicemail" && call.voicemail?.seconds !== undefined ? ` ${format.lasting(call.voicemail.seconds)}` : "";
  const incomplete = call.complete ? null : h("span", { class: "incomplete", title: "Something of this call was not seen" }, "*", hidden(" incomplete"));
  return h("span", { class: `status status-${call.status ?? "unknown"}` }, icon(shape), (STATUSES[call.status] ?? "Unknown") + seconds, incomplete);
}

function waited(call) {
  if (call.state === "ringing" || (call.state !== "ended" && !call.answered_at)) {
    return [h("span", { "data-since": call.started_at }, since(call.started_at))];
  }
  return [format.lasting(call.wait_seconds)];
}

function talked(call) {
  if (call.state !== "ended" && call.answered_at) {
    return [h("span", { "data-since": call.answered_at }, since(call.answered_at))];
  }
  return [format.lasting(call.talk_seconds)];
}

function since(iso) {
  return format.lasting((format.now() - Date.parse(iso)) / 1_000);
}
