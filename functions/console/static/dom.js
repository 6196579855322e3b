// Elements. All that data says becomes text: nothing here, or anywhere on the page, makes markup of it.

const SVG = "http://www.w3.org/2000/svg";

// Return an element of HTML. Attributes that are functions listen to the event of their name; false and null are left out.
export function h(name, attributes = {}, ...children) {
  return made(document.createElement(name), attributes, children);
}

// Return an element of SVG.
export function s(name, attributes = {}, ...children) {
  return made(document.createElementNS(SVG, name), attributes, children);
}

export function hidden(text) {
  return h("span", { class: "visually-hidden" }, text);
}

const SHAPES = {
  inbound: "M10 2 3 9M3 4v5h5",
  outbound: "M2 9l7-7M4 2h5v5",
  internal: "M1 6h10M3.500 3.500 1 6l2.500 2.500M8.500 3.500 11 6 8.500 8.500",
  answered: "M2 6.500 5 9.500 10.500 3",
  missed: "M2.500 2.500l7 7M9.500 2.500l-7 7",
  voicemail: "M1 3h10v7H1zM1 3.500l5 3.500 5-3.500",
  open: "M3 2l7 4-7 4z",
  unknown: "M6 2v5M6 9v.500",
};

// Return a small picture that goes with words.
export function icon(name) {
  const attributes = { class: `icon icon-${name}`, viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" };
  return s("svg", attributes, s("path", { d: SHAPES[name] }));
}

// Tell what just happened to who does not see it; never for what changes by itself.
export function say(text) {
  document.getElementById("spoken").textContent = text;
}

function made(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
