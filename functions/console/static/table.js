// A table that stays up to date without moving under whoever reads it: what has not changed is left alone.

import { h, hidden } from "./dom.js";
import * as format from "./format.js";
import { open, place, remove } from "./rows.js";

const GHOSTS = 6; // rows while nothing is there yet

export class Table {
  #columns;
  #look;
  #rows = new Map();
  #groups = new Map();
  #opened = null;

  // `columns` are pairs of a class and a name; a name that is an array is only heard. `look` returns of an item its
  // `key`, the `kind` of its row, its `cells`, and the name of the `group` that it is in, if there are any.
  constructor(kind, caption, columns, look) {
    [this.#columns, this.#look] = [columns, look];
    const head = columns.map(([name, text]) => h("th", { role: "columnheader", scope: "col", class: name }, Array.isArray(text) ? hidden(text[0]) : text));
    this.element = h("table", { class: kind, role: "table", click: (event) => this.#open(event), keydown: (event) => this.#move(event) },
      h("caption", { class: "visually-hidden" }, caption), h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)));
    this.clear();
  }

  clear() {
    this.element.querySelectorAll("tbody").forEach((body) => body.remove());
    this.#rows.clear();
    this.#groups.clear();
    this.element.hidden = true;
  }

  // Show that rows are on their way.
  wait() {
    this.clear();
    const row = () => h("tr", { role: "row" }, this.#columns.map(([name]) => h("td", { role: "cell", class: name }, h("span", {}))));
    this.element.append(h("tbody", { class: "ghosts", role: "rowgroup", "aria-hidden": "true" }, Array.from({ length: GHOSTS }, row)));
    this.element.hidden = false;
  }

  // Bring the rows up to date, in this order. Return whether the focus was on something that is gone.
  draw(items) {
    this.element.querySelector(".ghosts")?.remove();
    const focused = this.#focused();
    const wanted = Map.groupBy(items.map(this.#look), (look) => look.group ?? "");
    remove(this.#groups, wanted);
    const rows = new Map();
    let above = this.element.tHead;
    for (const [name, group] of wanted) {
      const body = this.#groups.get(name) ?? this.#group(name);
      place(body, above, this.element);
      above = body;
      let last = body.querySelector(".group");
      for (const look of group) {
        const row = this.#drawn(this.#rows.get(look.key), look);
        place(row, last, body);
        last = row;
        rows.set(look.key, row);
      }
    }
    remove(this.#rows, rows);
    this.#rows = rows;
    this.element.hidden = !items.length;
    return this.#refocus(focused);
  }

  // Let seconds pass.
  tick() {
    for (const element of this.element.querySelectorAll("[data-since]")) {
      element.textContent = since(element.dataset.since);
    }
    for (const element of this.element.querySelectorAll("[data-ago]")) {
      element.textContent = format.ago(element.dataset.ago);
    }
  }

  // Return the first link of an item's row, if it is shown.
  link(key) {
    return this.#rows.get(key)?.querySelector("a");
  }

  // Return the link that was followed last, if it is still there.
  get opened() {
    return this.link(this.#opened);
  }

  #open(event) {
    this.#opened = this.#keyOf(event.target);
    open(event);
  }

  #keyOf(element) {
    const row = element.closest("tr");
    return [...this.#rows].find(([, one]) => one === row)?.[0];
  }

  #group(name) {
    const body = h("tbody", { role: "rowgroup" },
      name && h("tr", { class: "group", role: "row" }, h("th", { role: "rowheader", scope: "rowgroup", colspan: this.#columns.length }, name)));
    this.#groups.set(name, body);
    return body;
  }

  #drawn(row, { stamp, kind, cells }) {
    if (row?.dataset.stamp === stamp) {
      return row;
    }
    const made = row ?? h("tr", { role: "row" });
    made.className = kind ?? "";
    made.dataset.stamp = stamp;
    made.replaceChildren(...cells().map((cell, at) => h("td", { role: "cell", class: this.#columns[at][0] }, cell)));
    return made;
  }

  // Return which link of which row has the focus.
  #focused() {
    const element = document.activeElement;
    if (!this.element.contains(element)) {
      return null;
    }
    const row = element.closest("tr");
    return { element, key: this.#keyOf(element), at: [...row.querySelectorAll("a, button")].indexOf(element) };
  }

  #refocus(focused) {
    if (!focused || document.activeElement === focused.element) {
      return false;
    }
    const links = this.#rows.get(focused.key)?.querySelectorAll("a, button");
    const found = focused.element.isConnected ? focused.element : links?.[focused.at] ?? links?.[0];
    found?.focus({ preventScroll: true });
    return !found;
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !event.target.matches("tbody a") || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const links = [...this.element.querySelectorAll("tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
    const at = links.indexOf(event.target.closest("tr").querySelector("a")) + step;
    links[Math.min(Math.max(at, 0), links.length - 1)].focus();
    event.preventDefault();
  }
}

// Return how long something has lasted, so that it goes on by itself.
export function lasting(iso) {
  return h("span", { "data-since": iso }, since(iso));
}

// Return how long ago something was, which goes on as well.
export function ago(iso) {
  return h("time", { datetime: iso, title: format.moment(iso), "data-ago": iso }, format.ago(iso));
}

// Return a time of the day.
export function clock(iso) {
  return h("time", { datetime: iso, title: format.moment(iso) }, format.clock(iso));
}

function since(iso) {
  return format.lasting((format.now() - Date.parse(iso)) / 1_000);
}
