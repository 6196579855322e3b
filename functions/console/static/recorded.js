// Who did what, as it is recorded.

import { h } from "./dom.js";
import * as format from "./format.js";
import { quiet, section, table, when } from "./parts.js";

const OUTCOMES = { done: "done", failed: "failed", refused: "refused", running: "still running", unknown: "not known" };
const BAD = ["failed", "refused"];

export class Recorded {
  constructor() {
    this.list = h("div", {});
    this.element = section("Who did what", this.list).element;
  }

  draw({ actions }) {
    const rows = (actions ?? []).map(({ at, email, summary, outcome }) => [
      when(at), h("bdi", {}, format.line(email, 120)), h("bdi", {}, format.line(summary.replace(`${email}: `, ""))),
      h("span", { class: BAD.includes(outcome) ? "is-bad" : null }, OUTCOMES[outcome] ?? format.line(outcome, 40)),
    ]);
    this.list.replaceChildren(rows.length ? table("The last actions, newest first", ["When", "Who", "What", "Outcome"], rows) : quiet("Nobody has done anything here yet."));
  }
}
