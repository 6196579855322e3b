// Which calls are asked for: what the address says, the fields that change it, and the steps from day to day.

import { h } from "./dom.js";
import * as format from "./format.js";

const PARAMETERS = ["day", "until", "status", "direction", "number", "party", "account"];
export const STATUSES = {
  answered: "Answered",
  voicemail: "Voicemail",
  missed: "Missed",
  abandoned: "Abandoned",
  busy: "Busy",
  failed: "Failed",
};
const STATUS_CHOICES = [
  ["", "Any status"],
  ["nobody", "Nobody took it"],
  ["open", "In progress"],
  ...Object.entries(STATUSES),
];
const DIRECTION_CHOICES = [["", "Any direction"], ["inbound", "Inbound"], ["outbound", "Outbound"], ["internal", "Internal"]];

// What an address asks for.
export class Question {
  constructor(search) {
    const given = new URLSearchParams(search);
    this.values = new Map(PARAMETERS.map((name) => [name, given.get(name)?.trim()]).filter(([, value]) => value));
  }

  get(name) {
    return this.values.get(name) ?? "";
  }

  has(name) {
    return this.values.has(name);
  }

  // Return the same with other values; empty ones are left out.
  with(changes) {
    const changed = new Question(new URLSearchParams([...this.values, ...Object.entries(changes)]));
    for (const [name, value] of Object.entries(changes)) {
      value ? changed.values.set(name, value) : changed.values.delete(name);
    }
    if (changed.get("day") === format.today() && changed.with({ day: "" }).isDated && !changed.has("until")) {
      changed.values.delete("day");
    }
    return changed;
  }

  equals(other) {
    return this.search === other?.search;
  }

  // As it is in an address: empty, or with a question mark.
  get search() {
    const query = new URLSearchParams([...this.values].sort()).toString();
    return query && `?${query}`;
  }

  // Return a path of the API that is asked this.
  path(name = "calls", more = {}) {
    const query = new URLSearchParams([...this.values, ...Object.entries(more)]).toString();
    return query ? `${name}?${query}` : name;
  }

  // Whether days are asked for: of a number or a person, all of them are shown.
  get isDated() {
    return this.has("day") || this.has("until") || !(this.has("number") || this.has("party"));
  }

  get first() {
    return this.get("day") || this.get("until") || format.today();
  }

  get last() {
    return this.get("until") || this.first;
  }

  get isOneDay() {
    return this.isDated && this.first === this.last;
  }

  // Whether the present belongs to it.
  get isLive() {
    return !this.isDated || this.last >= format.today();
  }

  get days() {
    return this.isDated ? [...new Set([this.first, this.last])].map(format.dayName).join(" to ") : "all days";
  }
}

// The fields, and what goes with them: `ask` is told what changes.
export class Filters {
  #ask;
  #question = new Question("");
  #usualDay = ""; // what the field has if no day is asked for

  constructor(accounts, ask) {
    this.#ask = ask;
    this.chips = h("p", { class: "chips", hidden: true });
    this.form = this.#fields(accounts);
    this.steps = this.#steps();
  }

  stepBack() {
    this.#step(-1);
  }

  // Show what is asked for.
  fill(question) {
    this.#question = question;
    this.#usualDay = question.isDated ? format.today() : "";
    for (const input of this.form.elements) {
      if (input.name) {
        input.value = question.get(input.name) || (input.name === "day" ? this.#usualDay : "");
      }
    }
    this.day.textContent = question.days;
    this.before.hidden = this.after.hidden = !question.isOneDay;
    this.after.disabled = question.first >= format.today();
    this.toToday.hidden = question.isOneDay && question.first === format.today();
    const others = ["status", "direction", "account", "until"].filter((name) => question.has(name)).length;
    this.toggle.textContent = others ? `Filters (${others})` : "Filters";
    this.chips.hidden = !question.has("party");
  }

  // Say whose calls are shown, as soon as one of them tells the name.
  nameParty(calls) {
    if (this.chips.hidden) {
      return;
    }
    const [kind, id] = this.#question.get("party").split("/");
    const parties = calls.flatMap((call) => [call.from, call.to, call.answered_by, call.reached, call.requested]);
    const found = parties.find((party) => party?.[kind] === id);
    const who = found ? format.namedInWords(found) : kind === "owner" ? "one person" : "one device";
    if (this.chips.dataset.who !== who) { // a button that is replaced loses the focus
      this.chips.dataset.who = who;
      this.chips.replaceChildren("Only calls of ", h("b", {}, h("bdi", {}, who)), " ",
        h("button", { type: "button", class: "quiet", click: () => this.#ask({ party: "" }) }, "Show all calls"));
    }
  }

  #step(days) {
    this.#ask({ day: format.daysLater(this.#question.first, days), until: "" });
  }

  #steps() {
    const step = (text, label, days) =>
      h("button", { type: "button", class: "step", "aria-label": label, click: () => this.#step(days) }, text);
    this.before = step("‹", "The day before", -1);
    this.after = step("›", "The day after", 1);
    this.day = h("span", { class: "which" });
    this.toToday = h("button", { type: "button", class: "quiet", click: () => this.#ask({ day: "", until: "", number: "", party: "" }) }, "Today");
    return h("div", { class: "steps" }, this.before, this.day, this.after, this.toToday);
  }

  #fields(accounts) {
    const clear = h("button", { type: "button", class: "quiet", click: () => this.#ask(Object.fromEntries(PARAMETERS.map((name) => [name, ""]))) }, "Clear");
    const fields = h("div", { class: "fields", id: "fields" },
      choice("status", "Status", STATUS_CHOICES), choice("direction", "Direction", DIRECTION_CHOICES),
      field("day", "Day", { type: "date" }), field("until", "until", { type: "date" }), accountField(accounts), clear);
    this.toggle = h("button", { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": "fields", click: () => {
      this.toggle.setAttribute("aria-expanded", String(this.form.classList.toggle("is-open")));
    } }, "Filters");
    const search = { type: "search", maxlength: 64, inputmode: "tel", placeholder: "Number or extension", enterkeyhint: "search" };
    return h("form", {
      role: "search", "aria-label": "Calls", class: "filters",
      change: () => this.form.reportValidity() && this.#read(),
      submit: (event) => {
        event.preventDefault();
        this.#read();
      },
    }, field("number", "Number or extension", search), this.toggle, fields, h("button", { type: "submit", class: "visually-hidden", tabindex: -1 }, "Search"));
  }

  #read() {
    const given = Object.fromEntries([...new FormData(this.form)].map(([name, value]) => [name, String(value).trim()]));
    if (given.number !== this.#question.get("number")) {
      given.party = "";
    }
    if (!given.until && !this.#question.has("day") && given.day === this.#usualDay) {
      given.day = ""; // nobody chose it
    }
    this.#ask(given);
  }
}

export function choice(name, label, choices) {
  const options = choices.map(([value, text]) => h("option", { value }, text));
  return h("label", { class: `field field-${name}` }, h("span", {}, label), h("select", { name }, options));
}

export function field(name, label, attributes) {
  return h("label", { class: `field field-${name}` }, h("span", {}, label), h("input", { name, autocomplete: "off", ...attributes }));
}

// Who sees all accounts writes which one; who sees several chooses one.
export function accountField(accounts) {
  if (accounts.all) {
    const title = "The id of an account: 32 digits and letters a to f; empty for this stack's";
    return field("account", "Account", { placeholder: "Account", pattern: "[0-9a-fA-F]{32}", title, maxlength: 32 });
  }
  const known = [...new Set([accounts.own, ...accounts.listed].filter(Boolean))];
  return known.length > 1 ? choice("account", "Account", known.map((id) => [id === accounts.usual ? "" : id, id])) : null;
}
