// The picture of a call: what each of its legs did when, a row each on one axis of time.

import { h, s } from "./dom.js";
import * as format from "./format.js";

export const ROLES = {
  caller: "caller",
  phone: "phone",
  outside: "outside",
  forwarded: "forwarded",
  internal: "internal leg",
  unknown: "unknown",
};
export const RESULTS = {
  open: "in progress",
  answered: "answered",
  answered_elsewhere: "answered elsewhere",
  no_answer: "no answer",
  busy: "busy",
  declined: "declined",
  cancelled: "cancelled",
  failed: "failed",
  ended: "ended",
  unknown: "unknown",
};
const DOING = {
  ringing: ["Ringing", 4],
  waiting: ["With a machine, or waiting", 8],
  talking: ["Talking", 14],
  parked: ["Parked", 14],
}; // in words, and the height of its bar
const MINUTE = 60;
const HOUR = 3_600;
const STEPS = [
  ...[1, 2, 5, 10, 15, 20, 30],
  ...[1, 2, 5, 10, 15, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 120, 240, 720].map((hours) => hours * HOUR),
];
const NARROW = 620; // pixels: less than that, and names stand above their bars
const TOP = 22; // of the axis
const LETTER = 6.7; // pixels that a letter takes, about

// Return a figure that draws itself anew when it gets another width.
export function timeline(call, { start, end, legs }) {
  const from = Date.parse(start) / 1_000;
  const length = Math.max(1, Date.parse(end) / 1_000 - from);
  const frame = h("div", { class: "frame" });
  const used = Object.keys(DOING).filter((doing) => legs.some((spans) => spans.some((span) => span.doing === doing)));
  const key = h("ul", { class: "key", "aria-hidden": "true" }, used.map((doing) => h("li", {}, sample(doing), DOING[doing][0])));
  let drawn = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    if (width > 0 && width !== drawn) {
      drawn = width;
      frame.replaceChildren(picture(call, legs, { from, length, width }));
    }
  }).observe(frame);
  return h("figure", { class: "timeline" }, frame, h("figcaption", {}, key));
}

function picture(call, legs, { from, length, width }) {
  const isNarrow = width < NARROW;
  const [left, right] = isNarrow ? [0, 0] : [Math.min(250, width * 0.3), 140];
  const row = isNarrow ? 40 : 26;
  const room = width - left - right;
  const x = (seconds) => left + ((seconds - from) / length) * room;
  const height = TOP + call.legs.length * row + 4;
  const rows = call.legs.map((leg, at) => {
    const top = TOP + at * row;
    const middle = top + (isNarrow ? 28 : row / 2);
    const { name, number } = format.named(leg.party);
    const result = RESULTS[leg.result] ?? leg.result;
    const who = `${at + 1}  ${[name, number].filter(Boolean).join(" ") || ROLES[leg.role] || leg.role}`;
    const place = isNarrow ? { baseline: top + 15, letters: (width - result.length * LETTER - 12) / LETTER } : { baseline: middle + 4, letters: (left - 8) / LETTER };
    const bars = (legs[at] ?? []).map((span) => bar(span, x, middle, from));
    const isOpen = leg.result === "open" && call.state !== "ended";
    return s("g", { class: `leg leg-${leg.result}` },
      s("text", { class: "who", x: 0, y: place.baseline }, cut(who, place.letters)),
      s("line", { class: "lane", x1: left, x2: left + room, y1: middle, y2: middle }),
      bars,
      isOpen && s("path", { class: "goes-on", d: `M${x(from + length) - 6} ${middle - 7}l7 7-7 7z` }),
      bars.length ? null : s("text", { class: "result", x: left + 4, y: middle + 4 }, "no time is known"),
      s("text", { class: "result", x: width, y: place.baseline, "text-anchor": "end" }, result));
  });
  return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": inWords(call, length) },
    s("defs", {}, s("pattern", { id: "hatched", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("rect", { class: "hatch", width: 2.5, height: 5 }))),
    axis(length, left, room, height), rows);
}

function bar({ doing, start, end }, x, middle, from) {
  const [begins, ends] = [Date.parse(start) / 1_000, Date.parse(end) / 1_000];
  const [word, height] = DOING[doing];
  const title = `${word} ${format.lasting(ends - begins)}, from ${format.lasting(begins - from)} to ${format.lasting(ends - from)}`;
  return s("rect", { class: `span span-${doing}`, x: x(begins), y: middle - height / 2, width: Math.max(2, x(ends) - x(begins)), height, rx: 1.5 }, s("title", {}, title));
}

function axis(length, left, room, height) {
  const step = STEPS.find((each) => (each / length) * room >= 56) ?? STEPS.at(-1);
  const marks = [];
  for (let at = 0; at <= length; at += step) {
    const x = Math.round(left + (at / length) * room) + 0.5;
    const isLast = x > left + room - 24;
    marks.push(
      s("line", { class: "mark", x1: x, x2: x, y1: TOP - 6, y2: height }),
      s("text", { class: "axis", x, y: 11, "text-anchor": at === 0 ? "start" : isLast ? "end" : "middle" }, label(at, step)));
  }
  return s("g", {}, marks);
}

function label(seconds, step) {
  if (step < MINUTE) {
    return format.lasting(seconds);
  }
  return step < HOUR ? `${seconds / MINUTE} min` : `${seconds / HOUR} h`;
}

function sample(doing) {
  const height = DOING[doing][1];
  return s("svg", { viewBox: "0 0 22 14", width: 22, height: 14 }, s("rect", { class: `span span-${doing}`, y: 7 - height / 2, width: 22, height, rx: 1.5 }));
}

function cut(text, letters) {
  const all = [...text];
  return all.length > letters ? `${all.slice(0, Math.max(1, Math.floor(letters) - 1)).join("")}…` : text;
}

function inWords(call, length) {
  const legs = call.legs.length === 1 ? "One leg" : `${call.legs.length} legs`;
  return `${legs} within ${format.lasting(length)}. The table below says the same.`;
}
