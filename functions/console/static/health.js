// How hookswitch is doing, to look at: webhooks, destinations, quarantine and queues.

import { get } from "./api.js";
import { h, say } from "./dom.js";
import * as format from "./format.js";
import { focusHeading, Poll } from "./poll.js";

const LIVE = 15_000; // milliseconds between two questions
const PATIENT = 120_000;
const QUEUES = {
  redrive: ["Redrive", "Deliveries that could not be stored; they are stored from here"],
  publish: ["Publish", "Events that could not be published, to be tried again"],
  calls: ["Calls", "Calls that wait to be worked out again"],
  "dead letters": ["Dead letters", "What all attempts failed for; somebody has to look at it"],
};

export class HealthView {
  title = "Health";
  #context;
  #isLoaded = false;
  #poll = new Poll((isSaid) => this.#load(isSaid));

  constructor(context) {
    this.#context = context;
    this.heading = h("h1", { tabindex: -1 }, "Health");
    this.at = h("p", { class: "fresh" });
    this.trouble = h("div", { class: "trouble", role: "alert" });
    this.parts = h("div", { class: "parts" }, h("p", { class: "quiet-text" }, "Loading…"));
    this.element = h("article", { class: "health", "aria-busy": "true" }, h("div", { class: "title" }, this.heading, this.at), this.trouble, this.parts);
  }

  show(search, { focus }) {
    this.#poll.begin();
    if (focus) {
      focusHeading(this.heading);
    }
  }

  hide() {
    this.#poll.stop();
  }

  async #load(isSaid) {
    const { signal } = this.#poll;
    try {
      const answer = await get("health", signal);
      this.#poll.succeeded();
      this.trouble.replaceChildren();
      this.#draw(answer);
      if (isSaid) {
        say(this.parts.querySelector(".verdict").textContent);
      }
      this.#poll.later(LIVE);
    } catch (error) {
      this.#failed(error, signal);
    }
  }

  #failed(error, signal) {
    if (signal.aborted || this.#context.endsSession(error)) {
      return;
    }
    this.#poll.failed();
    this.element.removeAttribute("aria-busy");
    this.element.classList.toggle("is-stale", this.#isLoaded);
    if (!this.#isLoaded) {
      this.parts.replaceChildren();
    }
    const since = this.#isLoaded ? " What is below may be out of date." : "";
    this.trouble.replaceChildren(h("p", {}, h("b", {}, "Health can't be shown. "), error.message, since),
      h("button", { type: "button", click: () => this.#poll.again() }, "Try again"));
    this.#poll.later(LIVE, PATIENT);
  }

  #draw(answer) {
    this.#isLoaded = true;
    this.element.removeAttribute("aria-busy");
    this.element.classList.remove("is-stale");
    this.at.textContent = `As of ${format.exactClock(answer.at)}`;
    const focused = document.activeElement?.id;
    this.parts.replaceChildren(verdict(answer), webhooks(answer), destinations(answer.destinations), queues(answer.queues), quarantine(answer.quarantine));
    if (focused) {
      document.getElementById(focused)?.focus();
    }
  }
}

function verdict({ reconcile, legs, destinations: all, quarantine: kept, queues: waiting }) {
  const held = reconcile?.held_back.length ?? 0;
  const missing = legs?.missing ?? 0;
  const failing = all.filter(isFailing).length;
  const off = all.filter((one) => one.state === "off").length;
  const dead = waiting.find((queue) => queue.name === "dead letters")?.messages ?? 0;
  const undelivered = all.reduce((sum, one) => sum + one.dead_letters.number, 0);
  const faults = [
    held && plural(held, "webhook is off", "webhooks are off"),
    missing && plural(missing, "leg of a call is missing", "legs of calls are missing"),
    failing && plural(failing, "destination is failing", "destinations are failing"),
    off && plural(off, "destination is off", "destinations are off"),
    undelivered && plural(undelivered, "message was not delivered to a destination", "messages were not delivered to destinations"),
    dead && plural(dead, "dead letter", "dead letters"),
    kept.count.number && `${counted(kept.count)} ${kept.count.number === 1 ? "delivery" : "deliveries"} in quarantine`,
  ].filter(Boolean);
  return faults.length ? h("p", { class: "verdict is-bad" }, `${faults.join(", ")}.`) : h("p", { class: "verdict is-good" }, "Nothing needs attention.");
}

// What reconcile found last: nothing here asks Dash.
function webhooks({ reconcile, legs, webhooks: announced }) {
  if (!reconcile) {
    return section("Dash", null, h("p", { class: "quiet-text" }, "Reconcile has not compared anything with Dash yet."));
  }
  const facts = [
    ["Compared with Dash", "Reconcile's last look at the webhooks", when(reconcile.looked_at, "never")],
    ["Recovered until", "No delivery before this time is missing", when(reconcile.recovered_until)],
    ["Legs on Dash", legsTitle(legs), legs?.last ? format.count(legs.last.on_dash) : "not counted"],
    ["Legs here", legsTitle(legs), legs?.last ? format.count(legs.last.here) : "–"],
    legs?.missing > 0 && ["Legs missing here", "Reconcile goes on looking for them", format.count(legs.missing), true],
  ].filter(Boolean);
  const held = reconcile.held_back.map(({ hook, until }) =>
    h("li", { class: "is-bad" }, h("code", {}, format.line(hook, 60)), " is off on Dash; it is enabled again ", when(until), "."));
  const rows = announced.map((one) => [when(one.occurred_at), h("bdi", {}, format.line(one.summary))]);
  return section("Dash", null, figures(facts), held.length ? h("ul", { class: "held" }, held) : null,
    rows.length ? table("What happened to webhooks within a week", ["When", "Webhooks"], rows, []) : null);
}

function legsTitle(legs) {
  return legs?.last ? `Between ${format.moment(legs.last.since)} and ${format.moment(legs.last.until)}` : "Dash's call detail records have not been compared";
}

function destinations(all) {
  const names = ["Name", "Type", "State", "Backlog", "Undelivered", "Last success", "Last answer", "Next attempt"];
  const rows = [...all].sort((one, other) => Number(isFailing(other)) - Number(isFailing(one))).map((one) => [
    h("bdi", {}, format.line(one.name, 80)), one.type, state(one), counted(one.backlog), counted(one.dead_letters),
    when(one.last_success, "never"), format.line(one.last_answer, 120) || "–", when(one.next_attempt, "–"),
  ]);
  return section("Destinations", all.length, all.length ? table("Destinations", names, rows, [3, 4]) : h("p", { class: "quiet-text" }, "There are none: events go to the SNS topic only."));
}

function isFailing(destination) {
  return destination.state === "on" && Boolean(destination.failing_since);
}

function state(destination) {
  if (isFailing(destination)) {
    const failures = plural(destination.failures, "attempt failed", "attempts failed");
    return h("span", { class: "state is-bad" }, "failing ", h("span", { class: "quiet-text" }, "since ", when(destination.failing_since), `, ${failures}`));
  }
  const reason = format.line(destination.state_reason, 200);
  return h("span", { class: `state is-${destination.state}` }, destination.state, reason ? h("span", { class: "quiet-text" }, ` ${reason}`) : null);
}

function queues(all) {
  return section("Queues", null, figures(all.map(({ name, messages }) => {
    const [title, what] = QUEUES[name] ?? [name, ""];
    return [title, what, messages === null ? "unknown" : format.count(messages), name === "dead letters" && messages > 0];
  })));
}

// Return numbers with their names, each with what it means for who points at it.
function figures(all) {
  const items = all.map(([title, what, value, isBad]) =>
    h("div", { class: `number-of${isBad ? " is-bad" : ""}`, title: what }, h("dt", {}, title), h("dd", {}, value)));
  return h("dl", { class: "numbers-of" }, items);
}

function quarantine({ days, count, newest }) {
  const names = ["Received", "Hook", "Account", "What it is"];
  const rows = newest.map((one) => [
    when(one.received_at, "–"), h("code", {}, format.line(one.hook, 60)), h("code", {}, format.line(one.account_id ?? "", 12)), h("bdi", {}, format.line(one.summary)),
  ]);
  const text = `Deliveries of the last ${days} days that are not valid events. They are kept, and can be replayed.`;
  return section("Quarantine", counted(count), h("p", { class: "quiet-text" }, count.number ? text : `Nothing in the last ${days} days.`),
    newest.length ? table("The newest deliveries in quarantine", names, rows, []) : null);
}

function section(title, number, ...children) {
  const id = `${title.toLowerCase()}-title`;
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title, " ", number === null ? null : h("small", {}, number)), children);
}

function table(caption, names, rows, numbers) {
  const kind = (at) => (numbers.includes(at) ? "is-number" : null);
  return h("table", { class: "stacked", role: "table" }, h("caption", { class: "visually-hidden" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, names.map((name, at) => h("th", { role: "columnheader", scope: "col", class: kind(at) }, name)))),
    h("tbody", { role: "rowgroup" }, rows.map((cells) => h("tr", { role: "row" }, cells.map((cell, at) => h("td", { role: "cell", class: kind(at), "data-name": names[at] }, cell))))));
}

function when(iso, otherwise = "") {
  return iso ? h("time", { datetime: iso, title: format.moment(iso) }, format.ago(iso)) : otherwise;
}

function counted({ number, more }) {
  return `${more ? "more than " : ""}${format.count(number)}`;
}

function plural(number, one, many) {
  return `${format.count(number)} ${number === 1 ? one : many}`;
}
