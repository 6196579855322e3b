// How hookswitch is doing, for operators: what needs attention first, then each part with what can be done about it.

import { Alarms, isLoud } from "./alarms.js";
import { get } from "./api.js";
import { Destinations, isFailing } from "./destinations.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { LiveView } from "./live.js";
import { counted, plural } from "./parts.js";
import { Quarantine } from "./quarantine.js";
import { Queues } from "./queues.js";
import { Recorded } from "./recorded.js";
import { styled } from "./styles.js";
import { Webhooks } from "./webhooks.js";

const LIVE = 15_000; // milliseconds between two questions
const PATIENT = 120_000;

export class HealthView extends LiveView {
  #parts;

  constructor(context) {
    super(context, "Health", { live: LIVE, patient: PATIENT });
    const changed = () => this.again();
    this.#parts = [
      new Alarms(), new Webhooks(context, changed), new Destinations(context, changed), new Queues(), new Quarantine(context, changed), new Recorded(),
    ];
    this.verdict = h("p", { class: "verdict" });
    this.parts = h("div", { class: "parts" }, h("p", { class: "quiet-text" }, "Loading…"));
    this.element = h("article", { class: "health", "aria-busy": "true" }, h("div", { class: "title" }, this.heading, this.fresh), this.trouble, this.parts);
  }

  ask(signal) {
    return get("health", signal);
  }

  draw(answer) {
    this.fresh.textContent = `As of ${format.exactClock(answer.at)}`;
    this.#judge(faults(answer));
    for (const part of this.#parts) {
      part.draw(answer);
    }
    if (!this.verdict.isConnected) {
      this.parts.replaceChildren(this.verdict, ...this.#parts.map((part) => part.element));
    }
  }

  words() {
    return this.verdict.textContent;
  }

  clear() {
    this.parts.replaceChildren();
  }

  #judge(all) {
    this.verdict.className = `verdict ${all.length ? "is-bad" : "is-good"}`;
    this.verdict.textContent = all.length ? `${all.join(", ")}.` : "Nothing needs attention.";
  }
}

// Return what needs attention, in words.
function faults({ alarms, reconcile, legs, destinations: all, quarantine: kept, queues: waiting }) {
  const loud = alarms?.filter(isLoud).length ?? 0;
  const held = reconcile?.held_back.length ?? 0;
  const missing = legs?.missing ?? 0;
  const failing = all.filter(isFailing).length;
  const off = all.filter((one) => one.state === "off").length;
  const dead = waiting.find((queue) => queue.name === "dead letters")?.messages ?? 0;
  const undelivered = all.reduce((sum, one) => sum + one.dead_letters.number, 0);
  return [
    loud && plural(loud, "alarm is on", "alarms are on"),
    held && plural(held, "webhook is off", "webhooks are off"),
    missing && plural(missing, "leg of a call is missing", "legs of calls are missing"),
    failing && plural(failing, "destination is failing", "destinations are failing"),
    off && plural(off, "destination is off", "destinations are off"),
    undelivered && plural(undelivered, "message was not delivered to a destination", "messages were not delivered to destinations"),
    dead && plural(dead, "dead letter", "dead letters"),
    kept.count.number && `${counted(kept.count)} ${kept.count.number === 1 ? "delivery" : "deliveries"} in quarantine`,
  ].filter(Boolean);
}

await styled("health.css");
