// How hookswitch is doing, for operators: what needs attention first, then each part with what can be done about it.

import { Alarms, isLoud } from "./alarms.js";
import { get } from "./api.js";
import { Destinations, isFailing } from "./destinations.js";
import { h, say } from "./dom.js";
import * as format from "./format.js";
import { counted, plural } from "./parts.js";
import { focusHeading, Poll } from "./poll.js";
import { Quarantine } from "./quarantine.js";
import { Queues } from "./queues.js";
import { Recorded } from "./recorded.js";
import { styled } from "./styles.js";
import { Webhooks } from "./webhooks.js";

const LIVE = 15_000; // milliseconds between two questions
const PATIENT = 120_000;

export class HealthView {
  title = "Health";
  #context;
  #isLoaded = false;
  #poll = new Poll((isSaid) => this.#load(isSaid));
  #parts;
  #look = () => !document.hidden && this.#poll.again();

  constructor(context) {
    this.#context = context;
    const changed = () => this.#poll.again();
    this.#parts = [
      new Alarms(), new Webhooks(context, changed), new Destinations(context, changed), new Queues(), new Quarantine(context, changed), new Recorded(),
    ];
    this.heading = h("h1", { tabindex: -1 }, "Health");
    this.at = h("p", { class: "fresh" });
    this.trouble = h("div", { class: "trouble", role: "alert" });
    this.verdict = h("p", { class: "verdict" });
    this.parts = h("div", { class: "parts" }, h("p", { class: "quiet-text" }, "Loading…"));
    this.element = h("article", { class: "health", "aria-busy": "true" }, h("div", { class: "title" }, this.heading, this.at), this.trouble, this.parts);
  }

  show(search, { focus }) {
    this.#poll.begin();
    document.addEventListener("visibilitychange", this.#look);
    if (focus) {
      focusHeading(this.heading);
    }
  }

  hide() {
    this.#poll.stop();
    document.removeEventListener("visibilitychange", this.#look);
  }

  async #load(isSaid) {
    const { signal } = this.#poll;
    try {
      const answer = await get("health", signal);
      this.#poll.succeeded();
      this.trouble.replaceChildren();
      this.#draw(answer);
      if (isSaid) {
        say(this.verdict.textContent);
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
    this.at.textContent = `As of ${format.exactClock(answer.at)}`;
    this.#judge(faults(answer));
    for (const part of this.#parts) {
      part.draw(answer);
    }
    if (!this.#isLoaded) {
      this.parts.replaceChildren(this.verdict, ...this.#parts.map((part) => part.element));
    }
    this.#isLoaded = true;
    this.element.removeAttribute("aria-busy");
    this.element.classList.remove("is-stale");
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
