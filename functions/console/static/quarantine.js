// The quarantine: deliveries that are not valid events, by hook, and their replay.

import { Place } from "./actions.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { arrange, counted, head, plural, quiet, section, table, when } from "./parts.js";

const PATH = "quarantine/replay";
const NAMES = ["Hook", "Deliveries", "Reasons"];
const DELIVERY = ["delivery", "deliveries"];

export class Quarantine {
  #context;
  #changed;
  #rows = new Map();

  constructor(context, changed) {
    [this.#context, this.#changed] = [context, changed];
    this.about = quiet("");
    this.table = h("table", { class: "stacked with-actions", role: "table" }, h("caption", { class: "visually-hidden" }, "The quarantine by hook"), head([...NAMES, "Actions"], [1]));
    this.newest = h("div", {});
    const { element, number } = section("Quarantine", this.about, this.table, this.newest);
    [this.element, this.number] = [element, number];
  }

  draw({ quarantine: { days, count, hooks, newest }, may_act: mayAct }) {
    this.number.textContent = counted(count);
    this.about.textContent = count.number
      ? `Deliveries of the last ${days} days that are not valid events. They are kept, and can be replayed when the reason is gone.`
      : `Nothing in the last ${days} days.`;
    const rows = new Map(hooks.map((hook) => [hook.hook, this.#rows.get(hook.hook) ?? new Row(hook.hook, this.#context, this.#changed)]));
    for (const [hook, row] of this.#rows) { // what came of its replay stays, until somebody leaves the page
      if (!rows.has(hook) && row.hasOutcome) {
        rows.set(hook, row);
      }
    }
    this.#rows = rows;
    for (const [hook, row] of rows) {
      row.draw(hooks.find((one) => one.hook === hook) ?? { number: 0, reasons: [] }, mayAct);
    }
    this.table.hidden = !rows.size;
    arrange(this.table, [...[...this.table.children].slice(0, 2), ...[...rows.values()].map((row) => row.element)]);
    this.newest.replaceChildren(...(newest.length ? [h("h3", {}, "The newest"), deliveries(newest)] : []));
  }
}

function deliveries(newest) {
  return table("The newest deliveries in quarantine", ["Received", "Hook", "Account", "What it is"], newest.map((one) => [
    when(one.received_at, "–"), h("code", {}, format.line(one.hook, 60)), h("code", {}, format.line(one.account_id ?? "", 12)), h("bdi", {}, format.line(one.summary)),
  ]));
}

class Row {
  #hook;
  #place;
  #cells;
  #next = null; // where a replay stopped

  constructor(hook, context, changed) {
    this.#hook = hook;
    this.#place = new Place(context, changed);
    this.button = this.#place.button("Replay", hook, () => this.#replay());
    this.#cells = NAMES.map((name, at) => h("td", { role: "cell", class: at === 1 ? "is-number" : null, "data-name": name }));
    this.element = h("tbody", { role: "rowgroup" },
      h("tr", { role: "row" }, this.#cells, h("td", { role: "cell", class: "actions" }, this.button)),
      h("tr", { role: "row", class: "beneath" }, h("td", { role: "cell", colspan: NAMES.length + 1 }, this.#place.outcome)));
  }

  get hasOutcome() {
    return !this.#place.outcome.hidden;
  }

  draw({ number, reasons }, mayAct) {
    const why = reasons.map((one) => h("li", {}, h("bdi", {}, format.line(one.reason)), h("span", { class: "quiet-text" }, ` ${format.count(one.number)} ×`)));
    const cells = [h("code", {}, format.line(this.#hook, 60)), format.count(number), h("ul", {}, why)];
    cells.forEach((cell, at) => this.#cells[at].replaceChildren(cell));
    this.#place.show(this.button, Boolean(mayAct) && number > 0);
  }

  // Count first, and ask with the number.
  async #replay() {
    const body = { hook: this.#hook, ...(this.#next ? { since: this.#next } : {}) };
    const dry = await this.#place.look({ path: PATH, body, doing: "Counting…" });
    if (!dry) {
      return;
    }
    const { found, truncated, next } = dry.result;
    if (found === truncated) {
      this.#next = null;
      this.#place.tell(dry);
      return;
    }
    await this.#place.perform({
      path: PATH, body: { ...body, dry_run: false },
      title: [`Replay ${next ? "at least " : ""}${plural(found - truncated, ...DELIVERY)} of `, h("code", {}, format.line(this.#hook, 60)), "?"],
      text: [
        "Each goes through its hook's function again. What is accepted is stored and published, and leaves the quarantine. What is refused again stays.",
        this.#next ? h("p", {}, "The replay before stopped; this one goes on with what was received since ", when(this.#next), ".") : "",
        truncated ? `${plural(truncated, "more is", "more are")} stored only in part and can't be replayed.` : "",
      ],
      label: "Replay", doing: "Replaying…", more: (report) => this.#told(report),
    });
  }

  #told({ reasons, next }) {
    this.#next = next;
    return Object.entries(reasons).map(([reason, number]) => `${format.count(number)} ×: ${reason}`);
  }
}
