// Voicemails and faxes, with those that failed: newest first, and live.

import { get } from "./api.js";
import { h, hidden, icon, say } from "./dom.js";
import { accountField, choice, field } from "./filters.js";
import * as format from "./format.js";
import { LiveView } from "./live.js";
import { who } from "./rows.js";
import { styled } from "./styles.js";
import { clock, Table } from "./table.js";

await styled("views.css");

const LIVE = 10_000; // milliseconds between two questions
const PATIENT = 60_000;
const PAGE = 50;
const MOST_ROWS = 1_000;
const PAGES_AT_ONCE = 5; // that are looked through for messages
const USUAL_DAYS = 7;
const PARAMETERS = ["kind", "failed", "day", "until", "account", "call"];
const COLUMNS = [["c0", "Time"], ["c1", ["Direction"]], ["c2", "From"], ["c3", "To"], ["c5", "What"], ["c6", "Details"]];
const WHAT = {
  voicemail_new: ["inbound", "voicemail", "Voicemail", "voicemail"],
  voicemail_full: [null, "missed", "Mailbox full", "failed"],
  outbound_fax: ["outbound", "answered", "Fax sent", "answered"],
  outbound_fax_error: ["outbound", "missed", "Fax not sent", "failed"],
  inbound_fax_error: ["inbound", "missed", "Fax not received", "failed"],
  notifications: ["inbound", "answered", "Fax received", "answered"],
};

export class MessagesView extends LiveView {
  path = "/messages";
  #messages = [];
  #cursor = null;

  constructor(context) {
    super(context, "Voicemail and faxes", { live: LIVE, patient: PATIENT });
    this.form = this.#fields(context.me.accounts);
    this.chips = h("p", { class: "chips", hidden: true }, "Only of one call ",
      h("button", { type: "button", class: "quiet", click: () => this.#go({}) }, "Show all"));
    this.counted = h("p", { class: "counted" });
    this.table = new Table("calls messages", "Voicemails and faxes, newest first", COLUMNS, messageRow);
    this.empty = h("div", { class: "empty" });
    this.more = h("div", { class: "more" });
    this.element = h("section", { class: "list" },
      h("div", { class: "title" }, this.heading, this.fresh), this.form, this.chips,
      h("div", { class: "above" }, this.counted), this.trouble, this.table.element, this.empty, this.more);
  }

  begin() {
    const asked = this.#asked;
    for (const input of this.form.elements) {
      if (input.name) {
        input.value = asked[input.name] ?? (asked.day || asked.until ? "" : usual()[input.name]) ?? "";
      }
    }
    this.form.hidden = Boolean(asked.call);
    this.chips.hidden = !asked.call;
    [this.#messages, this.#cursor] = [[], null];
    this.clear();
    this.table.wait();
    this.counted.textContent = "Loading…";
  }

  clear() {
    this.table.clear();
    for (const element of [this.counted, this.empty, this.more, this.fresh]) {
      element.replaceChildren();
    }
  }

  place() {
    return this.table.opened;
  }

  // Ask for the newest messages; at first, until some are found.
  async ask(signal) {
    return this.isLoaded ? this.#page(null, signal) : this.#pages(null, signal);
  }

  draw(page) {
    this.#merge(page);
    this.fresh.textContent = this.#isLive ? "Live" : "";
    this.#show();
  }

  words() {
    const number = this.#messages.length;
    return number ? `${number}${this.#cursor ? " or more" : ""} voicemails and faxes` : "No voicemails and faxes";
  }

  get #asked() {
    const given = new URLSearchParams(this.search);
    return Object.fromEntries(PARAMETERS.map((name) => [name, given.get(name)?.trim()]).filter(([, value]) => value));
  }

  get #isLive() {
    const { day, until, call } = this.#asked;
    return !call && (until || day || format.today()) >= format.today();
  }

  get #days() {
    const { day, until } = this.#asked;
    const days = [...new Set([day || until, until || day])].filter(Boolean);
    return days.length ? days.map(format.dayName).join(" to ") : `the last ${USUAL_DAYS} days`;
  }

  async #page(cursor, signal) {
    const query = new URLSearchParams({ ...this.#asked, ...(cursor ? { cursor } : {}) }).toString();
    return get(query ? `messages?${query}` : "messages", signal);
  }

  async #pages(cursor, signal) {
    const found = { messages: [], cursor };
    for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
      const answer = await this.#page(found.cursor, signal);
      signal.throwIfAborted();
      found.messages.push(...answer.messages);
      found.cursor = answer.cursor;
      if (!answer.cursor || found.messages.length) {
        break;
      }
    }
    return found;
  }

  #merge({ messages, cursor }) {
    const known = new Set(messages.map((one) => one.event_id));
    const last = messages.at(-1);
    const older = this.#messages.filter((one) => !known.has(one.event_id) && (!last || one.occurred_at <= last.occurred_at));
    const isGap = messages.length >= PAGE && !this.#messages.some((one) => known.has(one.event_id));
    if (!cursor || isGap || !this.#messages.length) { // there are no more, or so many new ones that some are missing between
      [this.#messages, this.#cursor] = [messages, cursor];
    } else {
      this.#messages = [...messages, ...older];
    }
  }

  #show() {
    const number = this.#messages.length;
    const all = number === 1 ? "1 message" : `${format.count(number)} messages`;
    this.counted.textContent = !number ? "" : this.#cursor ? `The newest ${all}` : all;
    if (this.table.draw(this.#messages)) {
      this.heading.focus({ preventScroll: true });
    }
    this.#showEmpty();
    this.#showMore();
  }

  #showEmpty() {
    const { kind, failed, call } = this.#asked;
    const isFiltered = Boolean(kind || failed || call);
    const title = failed ? "Nothing failed" : isFiltered ? "No message is like that" : "No voicemails and faxes";
    const text = call ? "They may have expired." : `In ${this.#days}.${kind === "voicemail" || failed ? "" : " Received faxes are here only if the hook “notifications” is on."}`;
    if (this.#messages.length || this.#cursor) {
      this.empty.replaceChildren();
    } else if (this.empty.dataset.said !== title + text || !this.empty.childElementCount) {
      this.empty.dataset.said = title + text;
      this.empty.replaceChildren(h("h2", {}, title), h("p", {}, text),
        isFiltered ? h("button", { type: "button", click: () => this.#change({ kind: "", failed: "", call: "" }) }, "Show all") : "");
    }
  }

  #showMore() {
    const number = this.#messages.length;
    const before = this.more.querySelector("button");
    if (!this.#cursor) {
      this.more.replaceChildren();
    } else if (number >= MOST_ROWS) {
      this.more.replaceChildren(h("p", {}, `${format.count(number)} messages are shown. Choose fewer days to see older ones.`));
    } else if (!before || before.disabled) {
      const button = h("button", { type: "button", click: () => this.#loadOlder(button) }, "Show older messages");
      this.more.replaceChildren(button);
    }
  }

  async #loadOlder(button) {
    const { signal } = this;
    const known = new Set(this.#messages.map((one) => one.event_id));
    button.disabled = true;
    button.textContent = "Looking…";
    try {
      const page = await this.#pages(this.#cursor, signal);
      const added = page.messages.filter((one) => !known.has(one.event_id));
      this.#messages = [...this.#messages, ...added];
      this.#cursor = page.cursor;
      this.#show();
      say(`${added.length} more messages`);
      (this.table.link(added[0]?.event_id) ?? this.more.querySelector("button"))?.focus({ preventScroll: true });
    } catch (error) {
      this.failed(error, signal);
      this.#showMore();
    }
  }

  #fields(accounts) {
    const read = () => this.#read();
    const clear = h("button", { type: "button", class: "quiet", click: () => this.#go({}) }, "Clear");
    const form = h("form", {
      role: "search", "aria-label": "Voicemail and faxes", class: "filters is-open", change: () => form.reportValidity() && read(),
      submit: (event) => {
        event.preventDefault();
        read();
      },
    }, h("div", { class: "fields" },
      choice("kind", "Kind", [["", "Voicemail and faxes"], ["voicemail", "Voicemail"], ["fax", "Faxes"]]),
      choice("failed", "Result", [["", "Any result"], ["1", "Failed"]]),
      field("day", "Day", { type: "date" }), field("until", "until", { type: "date" }), accountField(accounts), clear),
    h("button", { type: "submit", class: "visually-hidden", tabindex: -1 }, "Search"));
    return form;
  }

  #read() {
    const given = Object.fromEntries([...new FormData(this.form)].map(([name, value]) => [name, String(value).trim()]));
    const { day, until } = usual();
    if (!this.#asked.day && !this.#asked.until && given.day === day && given.until === until) {
      given.day = given.until = ""; // nobody chose them
    }
    this.#go(given);
  }

  #change(changes) {
    this.#go({ ...this.#asked, ...changes });
  }

  #go(values) {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value).sort()).toString();
    const search = query && `?${query}`;
    if (search !== this.search) {
      this.context.go(`/messages${search}`, { focus: false });
    }
  }
}

// The days that are shown if none are asked for.
function usual() {
  const until = format.today();
  return { day: format.daysLater(until, 1 - USUAL_DAYS), until };
}

function messageRow(message) {
  return {
    key: message.event_id,
    stamp: JSON.stringify(message),
    kind: `call${message.failed ? " is-failed" : ""}${message.call ? "" : " is-alone"}`,
    group: format.dayName(format.dayOf(message.occurred_at)),
    cells: () => cells(message),
  };
}

function cells(message) {
  const [direction, shape, word, kind] = WHAT[message.hook] ?? [null, "unknown", "Message", "unknown"];
  const at = [clock(message.occurred_at), hidden(`: ${format.line(message.summary)}`)];
  const long = message.seconds === null ? pages(message.pages) : format.lasting(message.seconds);
  return [
    message.call ? h("a", { "data-route": "", href: `/calls/${message.call}` }, at) : h("span", {}, at),
    direction ? [icon(direction), hidden(direction)] : null,
    message.from ? who(message.from) : null,
    message.to ? who(message.to) : null,
    h("span", { class: `status status-${kind}` }, icon(shape), word, " ", long ? h("span", { class: "long" }, long) : null),
    details(message),
  ];
}

function pages(number) {
  return number ? `${format.count(number)} ${number === 1 ? "page" : "pages"}` : "";
}

// Return why a message failed, or what was said in it, if that may be shown.
function details({ reason, transcription, transcribed }) {
  const text = format.line(reason ?? transcription ?? (transcribed ? "Transcribed" : ""), 4_000);
  return text ? h("bdi", { title: text }, text) : null;
}
