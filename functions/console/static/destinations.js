// Destinations: how each is doing, what was attempted with it, and what an operator can do about it.

import { Place } from "./actions.js";
import { Attempts } from "./attempts.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { arrange, counted, head, plural, quiet, section, when } from "./parts.js";

const NAMES = ["Name", "State", "Backlog", "Undelivered", "Last success", "Last answer"];
const NUMBERS = [2, 3];
const MANY = 50; // shown at once, unless somebody wants all

export class Destinations {
  #context;
  #changed;
  #rows = new Map();
  #all = [];
  #most = MANY;

  constructor(context, changed) {
    [this.#context, this.#changed] = [context, changed];
    this.none = quiet("There are none: events go to the SNS topic only.");
    this.table = h("table", { class: "stacked with-actions destinations", role: "table" }, h("caption", { class: "visually-hidden" }, "Destinations"), head([...NAMES, "Actions"], NUMBERS));
    this.rest = h("button", { type: "button", class: "rest", click: () => this.#showAll() });
    const { element, number } = section("Destinations", this.none, this.table, this.rest);
    [this.element, this.number] = [element, number];
  }

  draw({ destinations: all }) {
    this.number.textContent = format.count(all.length);
    this.#all = [...all].sort((one, other) => urgency(other) - urgency(one));
    this.#arrange();
  }

  #arrange() {
    const rows = new Map();
    for (const destination of this.#all.slice(0, this.#most)) {
      const row = this.#rows.get(destination.name) ?? new Row(destination.name, this.#context, this.#changed);
      row.draw(destination);
      rows.set(destination.name, row);
    }
    this.#rows = rows;
    this.none.hidden = this.#all.length > 0;
    this.table.hidden = !this.#all.length;
    arrange(this.table, [...[...this.table.children].slice(0, 2), ...[...rows.values()].map((row) => row.element)]);
    this.rest.hidden = this.#all.length <= this.#most;
    this.rest.textContent = `Show all ${format.count(this.#all.length)}`;
  }

  #showAll() {
    const first = this.#most;
    this.#most = Infinity;
    this.#arrange();
    this.table.tBodies[first]?.querySelector("button")?.focus();
  }
}

export function isFailing(destination) {
  return destination.state === "on" && Boolean(destination.failing_since);
}

function urgency(destination) {
  return isFailing(destination) ? 3 : destination.state === "off" ? 2 : destination.dead_letters.number ? 1 : 0;
}

// A destination; it stays while others come and go, with what came of its actions.
class Row {
  #name;
  #place;
  #attempts;
  #now; // the destination as it is now
  #cells;

  constructor(name, context, changed) {
    this.#name = name;
    this.#place = new Place(context, () => {
      changed();
      this.#attempts.refresh();
    });
    this.#attempts = new Attempts(name, context, this.#place);
    const button = (label, begin) => this.#place.button(label, name, begin);
    this.buttons = {
      test: button("Send a sample", () => this.#test()),
      pause: button("Pause", () => this.#pause()),
      resume: button("Resume", () => this.#resume()),
      retry: button("Try now", () => this.#retry()),
      resend: button("Send again", () => this.#resend()),
    };
    this.#cells = NAMES.map((title, at) => h("td", { role: "cell", class: NUMBERS.includes(at) ? "is-number" : null, "data-name": title }));
    const beneath = h("td", { role: "cell", colspan: NAMES.length + 1 }, this.#place.outcome, this.#attempts.element);
    const actions = h("td", { role: "cell", class: "actions" }, this.#attempts.button, Object.values(this.buttons));
    this.element = h("tbody", { role: "rowgroup" }, h("tr", { role: "row" }, this.#cells, actions), h("tr", { role: "row", class: "beneath" }, beneath));
  }

  draw(destination) {
    const before = this.#now;
    this.#now = destination;
    const cells = [
      [h("bdi", {}, format.line(this.#name, 80)), " ", h("span", { class: "quiet-text" }, destination.type)],
      [state(destination)], [counted(destination.backlog)], [counted(destination.dead_letters)],
      [when(destination.last_success, "never")], [format.line(destination.last_answer, 120) || "–"],
    ];
    cells.forEach((cell, at) => this.#cells[at].replaceChildren(...cell));
    const { state: is, dead_letters: dead } = destination;
    const shown = { test: true, pause: is === "on", resume: is !== "on", retry: isFailing(destination), resend: is !== "off" && dead.number > 0 };
    for (const [name, button] of Object.entries(this.buttons)) {
      this.#place.show(button, shown[name]);
    }
    this.#attempts.mayAct = is !== "off";
    if (before && JSON.stringify(before) !== JSON.stringify(destination)) {
      this.#attempts.refresh();
    }
  }

  #perform(verb, question) {
    return this.#place.perform({ path: `destinations/${encodeURIComponent(this.#name)}/${verb}`, body: {}, ...question });
  }

  #test() {
    return this.#perform("test", {
      title: ["Send a sample to ", this.#called(), "?"],
      text: [
        "It gets one message now: a missed call that nobody made, and that says that it is a test.",
        this.#now.backlog.number && this.#now.state === "on" ? "If it takes that, what waits for it is sent, too." : "",
      ],
      label: "Send a sample", doing: "Sending a sample…",
    });
  }

  #pause() {
    return this.#perform("pause", {
      title: ["Pause ", this.#called(), "?"],
      text: ["Nothing more is sent to it until somebody resumes it. Its messages are kept for it.", this.#waiting("waits for it now and will go on waiting.", "wait for it now and will go on waiting.")],
      label: "Pause", doing: "Pausing…",
    });
  }

  #resume() {
    return this.#perform("resume", {
      title: ["Resume ", this.#called(), "?"],
      text: [
        this.#waiting("waits for it and is sent at once.", "wait for it and are sent, beginning at once.") || "Nothing waits for it. From now on it gets its messages again.",
        this.#now.state === "off" ? "What happened while it was off is not sent." : "",
      ],
      label: "Resume", doing: "Resuming…",
    });
  }

  #retry() {
    return this.#perform("resume", {
      title: ["Try ", this.#called(), " again now?"],
      text: [
        h("p", {}, "The next attempt would be ", when(this.#now.next_attempt, "made soon"), ". It is made now instead, and counts as the first."),
        this.#waiting("waits for it.", "wait for it."),
      ],
      label: "Try now", doing: "Waking it…",
    });
  }

  #resend() {
    const dead = this.#now.dead_letters;
    return this.#perform("resend", {
      title: [`Send ${many(dead)} to `, this.#called(), " again?"],
      text: [
        "Each was attempted until hookswitch gave up. Now each begins anew.",
        this.#now.state === "paused" ? "It is paused: they wait until somebody resumes it." : "",
      ],
      label: "Send again", doing: "Sending again…",
    });
  }

  #called() {
    return h("bdi", {}, format.line(this.#name, 80));
  }

  // Say how many messages wait; nothing if none do.
  #waiting(one, several) {
    const { number, more } = this.#now.backlog;
    return number ? `${many({ number, more })} ${number === 1 ? one : several}` : "";
  }
}

function many({ number, more }) {
  return `${more ? "more than " : ""}${plural(number, "message", "messages")}`;
}

function state(destination) {
  if (isFailing(destination)) {
    const failures = plural(destination.failures, "attempt failed", "attempts failed");
    const next = destination.next_attempt ? [", the next is due ", when(destination.next_attempt)] : [];
    return h("span", { class: "state is-bad" }, "failing ", h("span", { class: "quiet-text" }, "since ", when(destination.failing_since), `, ${failures}`, next));
  }
  const reason = format.line(destination.state_reason, 200);
  return h("span", { class: `state is-${destination.state}` }, destination.state, reason ? h("span", { class: "quiet-text" }, ` ${reason}`) : null);
}
