// What the parts of health are made of: headings, tables, figures, and words for times and numbers.

import { h } from "./dom.js";
import * as format from "./format.js";

// Return a part of the page with a heading; a number beside it, if there is one, says how many.
export function section(title, ...children) {
  const id = `${title.toLowerCase().replaceAll(" ", "-")}-title`;
  const number = h("small", {});
  const element = h("section", { "aria-labelledby": id }, h("h2", { id }, title, " ", number), children);
  return { element, number };
}

export function table(caption, names, rows, numbers = []) {
  const element = h("table", { class: "stacked", role: "table" }, h("caption", { class: "visually-hidden" }, caption), head(names, numbers));
  element.append(h("tbody", { role: "rowgroup" }, rows.map((cells) => row(names, cells, numbers))));
  return element;
}

export function head(names, numbers = []) {
  const cells = names.map((name, at) => h("th", { role: "columnheader", scope: "col", class: kind(at, numbers) }, name));
  return h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, cells));
}

export function row(names, cells, numbers = []) {
  return h("tr", { role: "row" }, cells.map((cell, at) => h("td", { role: "cell", class: kind(at, numbers), "data-name": names[at] }, cell)));
}

// Return numbers with their names, each with what it means for who points at it.
export function figures(all) {
  const items = all.map(([title, what, value, isBad]) =>
    h("div", { class: `number-of${isBad ? " is-bad" : ""}`, title: what }, h("dt", {}, title), h("dd", {}, value)));
  return h("dl", { class: "numbers-of" }, items);
}

export function quiet(text) {
  return h("p", { class: "quiet-text" }, text);
}

export function when(iso, otherwise = "") {
  return iso ? h("time", { datetime: iso, title: format.moment(iso) }, format.ago(iso)) : otherwise;
}

// Return a number of which no more than some are counted.
export function counted({ number, more }) {
  return `${more ? "more than " : ""}${format.count(number)}`;
}

export function plural(number, one, many) {
  return `${format.count(number)} ${number === 1 ? one : many}`;
}

// Have an element contain others in an order. What is in its place already is not moved: it would lose its focus.
export function arrange(parent, children) {
  if (children.length === parent.childElementCount && children.every((child, at) => parent.children[at] === child)) {
    return;
  }
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  parent.replaceChildren(...children);
  focused?.focus({ preventScroll: true });
}

function kind(at, numbers) {
  return numbers.includes(at) ? "is-number" : null;
}
