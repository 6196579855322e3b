// The chart of a day: how many calls began in each hour, by how they ended.

import { h, s } from "./dom.js";
import { count } from "./format.js";

const BARS = [["answered", "answered"], ["voicemail", "voicemail"], ["missed", "missed"], ["other", "other"]];
const WHAT = {
  answered: "A person answered",
  voicemail: "From outside: nobody answered, and the caller left a message",
  missed: "From outside: nobody answered, and there is no message",
  other: "Outbound and internal calls that were not answered",
};
const HEIGHT = 60;

// Return the chart as a figure.
export function dayChart({ hours, complete }) {
  const totals = Object.fromEntries(BARS.map(([bar]) => [bar, hours.reduce((sum, hour) => sum + hour[bar], 0)]));
  const most = Math.max(4, ...hours.map((hour) => BARS.reduce((sum, [bar]) => sum + hour[bar], 0)));
  const figures = BARS.map(([bar, word]) =>
    h("div", { class: `figure figure-${bar}`, title: WHAT[bar] }, h("dt", {}, word), h("dd", {}, count(totals[bar]))));
  return h("figure", { class: "day" },
    h("dl", { class: "figures" }, figures),
    h("div", { class: "hours" }, bars(hours, most), axis(hours)),
    h("figcaption", {},
      complete ? null : h("p", { class: "notice" }, "The day has more than 5,000 calls: the chart has the newest of them."),
      h("details", {}, h("summary", {}, "Numbers by hour"), table(hours))));
}

function bars(hours, most) {
  const scale = HEIGHT / most;
  const columns = hours.map((hour, at) => {
    let top = HEIGHT;
    const parts = BARS.filter(([bar]) => hour[bar]).map(([bar]) => {
      const height = hour[bar] * scale;
      top -= height;
      return s("rect", { class: `bar-${bar}`, x: at + 0.14, y: top, width: 0.72, height });
    });
    const words = BARS.filter(([bar]) => hour[bar]).map(([bar, word]) => `${hour[bar]} ${word}`);
    const target = s("rect", { class: "hour", x: at, y: 0, width: 1, height: HEIGHT });
    return s("g", {}, s("title", {}, `${hour.local}: ${words.join(", ") || "no calls"}`), target, parts);
  });
  const attributes = { viewBox: `0 0 ${hours.length} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  return s("svg", attributes, columns);
}

// The hours below the bars: every third has its name.
function axis(hours) {
  const names = hours.map((hour, at) => h("span", {}, at % 3 === 0 ? hour.local.slice(0, 2) : ""));
  return h("div", { class: "axis", "aria-hidden": "true" }, names);
}

function table(hours) {
  const head = h("tr", {}, ["Hour", "Answered", "Voicemail", "Missed", "Other"].map((word) => h("th", { scope: "col" }, word)));
  const rows = hours.filter((hour) => BARS.some(([bar]) => hour[bar])).map((hour) =>
    h("tr", {}, h("th", { scope: "row" }, hour.local), BARS.map(([bar]) => h("td", {}, count(hour[bar])))));
  return h("table", { class: "numbers" }, h("caption", { class: "visually-hidden" }, "Calls by hour"), h("thead", {}, head), h("tbody", {}, rows));
}
