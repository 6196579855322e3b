// Dash: its webhooks and its count of legs, as reconcile found them last; and a comparison now.

import { Place } from "./actions.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { figures, plural, quiet, section, table, when } from "./parts.js";

const PATH = "webhooks/reconcile";

export class Webhooks {
  #place;

  constructor(context, changed) {
    this.#place = new Place(context, changed);
    this.compare = this.#place.button("Compare with Dash", "now", () => this.#compare());
    this.facts = h("div", {});
    this.news = h("div", {});
    this.element = section("Dash", this.facts, h("div", { class: "actions" }, this.compare), this.#place.outcome, this.news).element;
  }

  draw({ reconcile, legs, webhooks: announced, may_act: mayAct }) {
    this.facts.replaceChildren(...(reconcile ? facts(reconcile, legs) : [quiet("Reconcile has not compared anything with Dash yet.")]));
    const rows = announced.map((one) => [when(one.occurred_at), h("bdi", {}, format.line(one.summary))]);
    this.news.replaceChildren(...(rows.length ? [table("What happened to webhooks within a week", ["When", "Webhooks"], rows)] : []));
    this.#place.show(this.compare, Boolean(mayAct));
  }

  // Look first, and ask with what was found.
  async #compare() {
    const found = await this.#place.look({ path: PATH, body: {}, doing: "Comparing with Dash…" });
    if (!found) {
      return;
    }
    const repairs = repaired(found.result);
    if (!repairs.length) {
      this.#place.tell(found, told);
      return;
    }
    const lines = [...repairs, ...found.result.reported].map((one) => h("li", {}, format.line(one, 1_000)));
    const isRecovering = repairs.length > found.result.changes.length;
    await this.#place.perform({
      path: PATH, body: { dry_run: false },
      title: "Repair what differs from Dash?",
      text: [h("ul", {}, lines), isRecovering ? "What is recovered is published, as if it had just arrived." : ""],
      label: "Repair", doing: "Repairing…", more: told,
    });
  }
}

function facts(reconcile, legs) {
  const numbers = [
    ["Compared with Dash", "Reconcile's last look at the webhooks", when(reconcile.looked_at, "never")],
    ["Recovered until", "No delivery before this time is missing", when(reconcile.recovered_until)],
    ["Legs on Dash", legsTitle(legs), legs?.last ? format.count(legs.last.on_dash) : "not counted"],
    ["Legs here", legsTitle(legs), legs?.last ? format.count(legs.last.here) : "–"],
    legs?.missing > 0 && ["Legs missing here", "Reconcile goes on looking for them", format.count(legs.missing), true],
  ].filter(Boolean);
  const held = reconcile.held_back.map(({ hook, until }) =>
    h("li", { class: "is-bad" }, h("code", {}, format.line(hook, 60)), " is off on Dash; it is enabled again ", when(until), "."));
  return [figures(numbers), held.length ? h("ul", { class: "held" }, held) : null].filter(Boolean);
}

function legsTitle(legs) {
  return legs?.last ? `Between ${format.moment(legs.last.since)} and ${format.moment(legs.last.until)}` : "Dash's call detail records have not been compared";
}

// Return a line for each thing that a run of reconcile repaired, or would repair.
function repaired({ dry_run: isDry, changes, events, accounting }) {
  const recovered = Object.entries(events).map(([hook, outcomes]) =>
    `${hook}: ${Object.entries(outcomes).map(([outcome, number]) => `${format.count(number)} ${outcome.replaceAll("_", " ")}`).join(", ")}`);
  const legs = isDry ? accounting?.missing : accounting?.recovered;
  return [
    ...changes.map((change) => `Webhooks: ${change}`), ...recovered,
    ...(legs ? [`${plural(legs, "leg of a call", "legs of calls")} ${isDry ? "would be recovered" : "recovered"} from Dash's records`] : []),
  ];
}

// Return all that a run of reconcile says, line by line.
function told(report) {
  if (report.busy) {
    return [];
  }
  const { accounting, dry_run: isDry, reported } = report;
  const isCompared = accounting?.available && accounting.from;
  return [
    ...repaired(report), ...reported,
    ...(isCompared ? [`${plural(accounting.legs_on_dash, "leg", "legs")} on Dash, ${format.count(accounting.legs_here)} here`] : []),
    ...(!isDry && accounting?.missing ? [`${plural(accounting.missing, "leg is", "legs are")} still missing here`] : []),
  ];
}
