// The last attempts to send something to a destination, for who wants to see them.

import { get } from "./api.js";
import { h, hidden } from "./dom.js";
import * as format from "./format.js";
import { quiet, table, when } from "./parts.js";

const NAMES = ["When", "Event", "Attempt", "Outcome", "Took", "Answer"];
const OUTCOMES = { taken: "taken", retry: "not taken", refused: "refused", gone: "refused for good", expired: "given up" };
const CALL = /^call-([0-9a-f]{32})-\d+$/;

export class Attempts {
  mayAct = false;
  #name;
  #context;
  #place;
  #asked = 0;

  // `place` is where something is done about the destination.
  constructor(name, context, place) {
    [this.#name, this.#context, this.#place] = [name, context, place];
    const id = `attempts-${name}`;
    this.element = h("div", { id, class: "attempts", hidden: true });
    const open = { type: "button", class: "act", "aria-expanded": "false", "aria-controls": id, click: () => this.#toggle() };
    this.button = h("button", open, h("span", {}, "Attempts"), hidden(` of ${format.line(name, 80)}`));
  }

  // Ask anew, if somebody is looking.
  async refresh() {
    if (this.element.hidden) {
      return;
    }
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const { attempts } = await get(`destinations/${encodeURIComponent(this.#name)}/attempts`);
      if (asked === this.#asked) {
        this.#draw(attempts);
      }
    } catch (error) {
      if (asked === this.#asked && !this.#context.endsSession(error)) {
        const again = h("button", { type: "button", class: "act", click: () => this.refresh() }, "Try again");
        this.element.replaceChildren(h("p", { role: "alert" }, h("b", {}, "The attempts can't be shown. "), error.message, " ", again));
      }
    }
  }

  #toggle() {
    this.element.hidden = !this.element.hidden;
    this.button.setAttribute("aria-expanded", String(!this.element.hidden));
    this.element.replaceChildren(quiet("Loading…"));
    return this.refresh();
  }

  #draw(attempts) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.attempt : null;
    const rows = attempts.map((one) => this.#cells(one));
    const names = this.mayAct ? [...NAMES, "Actions"] : NAMES;
    this.element.replaceChildren(rows.length
      ? table(`The last attempts with ${format.line(this.#name, 80)}, newest first`, names, rows, [2, 4])
      : quiet("Nothing was sent to it within 30 days."));
    if (focused) {
      [...this.element.querySelectorAll("button")].find((button) => button.dataset.attempt === focused)?.focus();
    }
  }

  #cells(one) {
    const { at, event_id: id, number, outcome, milliseconds, answer } = one;
    const isGood = outcome === "taken";
    const cells = [
      when(new Date(at).toISOString()), this.#event(one), format.count(number),
      h("span", { class: isGood ? null : "is-bad" }, OUTCOMES[outcome] ?? format.line(outcome, 40)),
      `${format.count(milliseconds)} ms`, h("bdi", {}, format.line(answer, 200) || "–"),
    ];
    const again = () => this.#place.button("Send again", `the event ${shortened(id)}`, () => this.#resend(id), { "data-attempt": `${at} ${id} ${number}` });
    return this.mayAct ? [...cells, one.is_test ? "" : again()] : cells;
  }

  #event({ event_id: id, is_test: isTest }) {
    const [, call] = CALL.exec(id) ?? [];
    if (isTest) {
      return "a sample";
    }
    const mayOpen = call && this.#context.me.user.roles.includes("calls");
    return mayOpen ? h("a", { "data-route": "", href: `/calls/${call}` }, `call ${call.slice(0, 6)}`) : h("code", { title: format.line(id, 100) }, shortened(id));
  }

  #resend(id) {
    return this.#place.perform({
      path: `destinations/${encodeURIComponent(this.#name)}/resend`, body: { event_id: id },
      title: ["Send the event ", h("code", {}, shortened(id)), " to ", h("bdi", {}, format.line(this.#name, 80)), " again?"],
      text: ["It gets this one message once more, marked as a replay, whether it took it before or not."],
      label: "Send again", doing: "Sending again…",
    });
  }
}

function shortened(id) {
  const [, call] = CALL.exec(id) ?? [];
  return call ? `call ${call.slice(0, 6)}` : format.line(id, 8);
}
