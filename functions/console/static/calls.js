// The list of calls: which are asked for, the rows, and how they stay up to date.

import { get, getFile } from "./api.js";
import { dayChart } from "./chart.js";
import { h, hidden, icon, say } from "./dom.js";
import * as format from "./format.js";

const PARAMETERS = ["day", "until", "status", "direction", "number", "party", "account"];
const LIVE = 5_000; // milliseconds between two questions about the present
const SETTLED = 60_000; // and about the past, which seldom changes; and between two charts
const PATIENT = 60_000; // the longest wait after errors
const MOST_ROWS = 1_000;
const PAGE = 50;
const PAGES_AT_ONCE = 5; // that are looked through for one page of rare calls

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
const COLUMNS = ["Time", "", "From", "To", "Answered by", "Status", "Wait", "Talk"];

export class CallsView {
  title = "Calls";
  #context;
  #asked = new Map(); // the parameters of the address
  #first = []; // calls of the first page
  #older = []; // calls of the pages after it
  #open = [];
  #cursor = null;
  #rows = new Map();
  #groups = new Map();
  #timers = [];
  #failures = 0;
  #aborter = new AbortController();
  #chartAt = 0;
  #chartPath = "";
  #scroll = 0;
  #opened = null;
  #isShown = false;
  #loaded = false;
  #ticker = 0;
  #newest = ""; // when the newest call that was drawn began
  #usualDay = ""; // what the field has if no day is asked for

  // Return what the API is asked for an address.
  static path(search, more = {}, name = "calls") {
    const given = new URLSearchParams(search);
    const asked = new URLSearchParams();
    for (const key of PARAMETERS) {
      const value = given.get(key)?.trim();
      if (value) {
        asked.set(key, value);
      }
    }
    for (const [key, value] of Object.entries(more)) {
      asked.set(key, value);
    }
    const query = asked.toString();
    return query ? `${name}?${query}` : name;
  }

  constructor(context) {
    this.#context = context;
    this.#build();
    document.addEventListener("visibilitychange", () => this.#isShown && !document.hidden && this.#refresh());
  }

  // Begin to show what an address asks for; what is there already stays.
  show(search, { focus }) {
    this.#isShown = true;
    this.#ticker = setInterval(() => this.#tick(), 1_000);
    const asked = new Map(new URLSearchParams(CallsView.path(search).split("?")[1] ?? ""));
    const isSame = this.#loaded && same(asked, this.#asked);
    this.#asked = asked;
    if (isSame) {
      this.#refresh();
      window.scrollTo(0, this.#scroll);
      const row = this.#rows.get(this.#opened)?.querySelector("a");
      (row ?? this.heading).focus({ preventScroll: Boolean(row) });
      return;
    }
    this.#fillForm();
    this.#load();
    if (focus) {
      this.heading.focus();
    }
  }

  hide() {
    this.#isShown = false;
    clearInterval(this.#ticker);
    this.#scroll = window.scrollY;
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
  }

  // Return the calls before and after one in the list, and how somebody who takes part in them is named.
  around(id) {
    this.#opened = id;
    const shown = this.#order();
    const at = shown.findIndex((call) => call.call === id);
    return at < 0 ? {} : { newer: shown[at - 1]?.call, older: shown[at + 1]?.call };
  }

  #build() {
    this.heading = h("h1", { tabindex: -1 }, "Calls");
    this.form = this.#filters();
    this.figure = h("div", { class: "chart", hidden: true });
    this.counted = h("p", { class: "counted" });
    this.fresh = h("span", { class: "fresh" });
    this.trouble = h("div", { class: "trouble", role: "alert" });
    this.download = h("button", { type: "button", class: "quiet", click: () => this.#save() }, "Download CSV");
    const head = COLUMNS.map((name, at) => h("th", { role: "columnheader", scope: "col", class: `c${at}` }, name || hidden("Direction")));
    this.table = h("table", { class: "calls", role: "table", keydown: (event) => this.#move(event) },
      h("caption", { class: "visually-hidden" }, "Calls, newest first"),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)));
    this.empty = h("div", { class: "empty" });
    this.more = h("div", { class: "more" });
    this.element = h("section", { class: "list" },
      h("div", { class: "title" }, this.heading, this.#steps(), this.fresh),
      this.form, this.chips, this.figure,
      h("div", { class: "above" }, this.counted, this.download),
      this.trouble, this.table, this.empty, this.more);
  }

  #steps() {
    const step = (days) => () => {
      const day = this.#asked.get("day") ?? format.today();
      this.#ask({ day: format.daysLater(day, days), until: "" });
    };
    this.before = h("button", { type: "button", class: "step", click: step(-1), "aria-label": "The day before" }, "‹");
    this.after = h("button", { type: "button", class: "step", click: step(1), "aria-label": "The day after" }, "›");
    this.day = h("span", { class: "which" });
    this.toToday = h("button", { type: "button", class: "quiet", click: () => this.#ask({ day: "", until: "" }) }, "Today");
    return h("div", { class: "steps" }, this.before, this.day, this.after, this.toToday);
  }

  #filters() {
    const choice = (name, label, choices) =>
      h("label", { class: `field field-${name}` }, h("span", {}, label),
        h("select", { name }, choices.map(([value, text]) => h("option", { value }, text))));
    const field = (name, label, attributes) =>
      h("label", { class: `field field-${name}` }, h("span", {}, label), h("input", { name, autocomplete: "off", ...attributes }));
    const { accounts } = this.#context.me;
    const known = [...new Set([accounts.own, ...accounts.listed].filter(Boolean))];
    let account = null;
    if (accounts.all) {
      account = field("account", "Account", { placeholder: "Account", pattern: "[0-9a-fA-F]{32}", title: "The id of an account: 32 digits and letters a to f; empty for this stack's", maxlength: 32 });
    } else if (known.length > 1) {
      account = choice("account", "Account", known.map((id) => [id === accounts.usual ? "" : id, id]));
    }
    this.chips = h("p", { class: "chips", hidden: true });
    const filters = h("div", { class: "fields", id: "fields" },
      choice("status", "Status", STATUS_CHOICES), choice("direction", "Direction", DIRECTION_CHOICES),
      field("day", "Day", { type: "date" }), field("until", "until", { type: "date" }), account,
      h("button", { type: "button", class: "quiet", click: () => this.#ask(Object.fromEntries(PARAMETERS.map((key) => [key, ""]))) }, "Clear"));
    const toggle = h("button", { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": "fields", click: () => {
      toggle.setAttribute("aria-expanded", String(this.form.classList.toggle("is-open")));
    } }, "Filters");
    this.toggle = toggle;
    const read = () => {
      const given = Object.fromEntries([...new FormData(this.form)].map(([name, value]) => [name, String(value).trim()]));
      if (given.number !== (this.#asked.get("number") ?? "")) {
        given.party = "";
      }
      if (!given.until && !this.#asked.has("day") && given.day === this.#usualDay) {
        given.day = ""; // nobody chose it
      }
      this.#ask(given);
    };
    return h("form", { role: "search", "aria-label": "Calls", class: "filters", change: () => this.form.reportValidity() && read(), submit: (event) => {
      event.preventDefault();
      read();
    } },
    field("number", "Number or extension", { type: "search", maxlength: 64, inputmode: "tel", placeholder: "Number or extension", enterkeyhint: "search" }),
    toggle, filters, h("button", { type: "submit", class: "visually-hidden", tabindex: -1 }, "Search"));
  }

  // Go to the address for other parameters.
  #ask(changes) {
    const wanted = new Map(this.#asked);
    for (const [name, value] of Object.entries(changes)) {
      wanted.delete(name);
      if (value) {
        wanted.set(name, value);
      }
    }
    if (wanted.get("day") === format.today() && !wanted.has("until") && !wanted.has("number") && !wanted.has("party")) {
      wanted.delete("day");
    }
    if (same(wanted, this.#asked)) {
      return;
    }
    this.#context.go(`/${CallsView.path(new URLSearchParams([...wanted]))}`, { focus: false });
  }

  #fillForm() {
    const asked = this.#asked;
    this.#usualDay = this.#isDated ? format.today() : "";
    for (const input of this.form.elements) {
      if (input.name) {
        input.value = asked.get(input.name) ?? (input.name === "day" ? this.#usualDay : "");
      }
    }
    const day = asked.get("day") ?? asked.get("until") ?? format.today();
    const until = asked.get("until") ?? day;
    this.day.textContent = this.#isDated ? [...new Set([day, until])].map(format.dayName).join(" to ") : "all days";
    this.before.hidden = this.after.hidden = !this.#isDated || until !== day;
    this.after.disabled = day >= format.today();
    this.toToday.hidden = this.#isDated && day === format.today() && until === day;
    const others = ["status", "direction", "account", "until"].filter((name) => asked.has(name)).length;
    this.toggle.textContent = others ? `Filters (${others})` : "Filters";
    this.#showParty();
  }

  // Whether days are asked for: of a number or a person, all of them are shown.
  get #isDated() {
    return this.#asked.has("day") || this.#asked.has("until") || !(this.#asked.has("number") || this.#asked.has("party"));
  }

  #showParty() {
    const party = this.#asked.get("party");
    this.chips.hidden = !party;
    if (party) {
      const [kind, id] = party.split("/");
      const parties = this.#order().flatMap((call) => [call.from, call.to, call.answered_by, call.reached, call.requested]);
      const found = parties.find((one) => one?.[kind] === id);
      const who = found ? format.namedInWords(found) : kind === "owner" ? "one person" : "one device";
      this.chips.replaceChildren("Only calls of ", h("b", {}, h("bdi", {}, who)), " ",
        h("button", { type: "button", class: "quiet", click: () => this.#ask({ party: "" }) }, "Show all calls"));
    }
  }

  // Load what is asked for from the beginning.
  async #load() {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    this.#loaded = false;
    [this.#first, this.#older, this.#open, this.#cursor, this.#failures] = [[], [], [], null, 0];
    this.element.setAttribute("aria-busy", "true");
    this.#loading();
    this.#chart();
    try {
      const page = await this.#pages(null, signal);
      [this.#first, this.#open, this.#cursor] = [page.calls, page.open, page.cursor];
    } catch (error) {
      return this.#failed(error, signal);
    }
    this.#loaded = true;
    this.#succeeded();
    const number = this.#first.length + this.#open.length;
    say(number ? `${number}${this.#cursor ? " or more" : ""} calls` : "No calls");
    return undefined;
  }

  // Return a page's worth of calls: where filters leave out most, several pages are looked through.
  async #pages(cursor, signal) {
    const found = { open: [], calls: [], cursor };
    for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
      const answer = await get(CallsView.path(new URLSearchParams([...this.#asked]), found.cursor ? { cursor: found.cursor } : {}), signal);
      signal.throwIfAborted();
      found.calls.push(...answer.calls);
      found.open.push(...answer.open);
      found.cursor = answer.cursor;
      if (!answer.cursor || found.calls.length >= PAGE) {
        break;
      }
    }
    return found;
  }

  // Ask again for the first page, and put it before the older ones.
  async #refresh() {
    const { signal } = this.#aborter;
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
    if (!this.#loaded) {
      return this.#load();
    }
    try {
      const page = await this.#pages(null, signal);
      const known = new Set(page.calls.map((call) => call.call));
      const last = page.calls.at(-1);
      const past = this.#first.filter((call) => !known.has(call.call) && last && call.started_at <= last.started_at);
      const overlaps = !last || [...this.#first, ...this.#older].some((call) => known.has(call.call));
      if (!this.#older.length && !past.length) {
        this.#cursor = page.cursor;
      } else if (overlaps) {
        this.#older = [...past, ...this.#older].filter((call) => !known.has(call.call));
      } else {
        [this.#older, this.#cursor] = [[], page.cursor]; // so many are new that some are between
      }
      [this.#first, this.#open] = [page.calls, page.open];
    } catch (error) {
      return this.#failed(error, signal);
    }
    this.#succeeded();
    return this.#chart();
  }

  async #loadOlder(button) {
    const { signal } = this.#aborter;
    button.disabled = true;
    button.textContent = "Looking…";
    try {
      const page = await this.#pages(this.#cursor, signal);
      const last = this.#order().at(-1)?.call;
      this.#older.push(...page.calls);
      this.#cursor = page.cursor;
      this.#succeeded();
      say(`${page.calls.length} more calls`);
      const next = this.#order()[this.#order().findIndex((call) => call.call === last) + 1];
      (this.#rows.get(next?.call)?.querySelector("a") ?? this.more.querySelector("button"))?.focus({ preventScroll: true });
    } catch (error) {
      this.#failed(error, signal);
      this.#showMore();
    }
  }

  #succeeded() {
    this.#failures = 0;
    this.trouble.replaceChildren();
    this.element.removeAttribute("aria-busy");
    this.element.classList.remove("is-stale");
    this.fresh.title = `Checked at ${format.exactClock(new Date(format.now()))}`;
    this.fresh.textContent = this.#isLive ? "Live" : "";
    this.#draw();
    this.#later();
  }

  #failed(error, signal) {
    if (signal.aborted || this.#context.endsSession(error)) {
      return;
    }
    this.#failures += 1;
    this.element.removeAttribute("aria-busy");
    this.element.classList.toggle("is-stale", this.#loaded);
    this.fresh.textContent = "";
    const again = h("button", { type: "button", click: () => this.#refresh() }, "Try again");
    const since = this.#loaded ? h("span", {}, " What is below may be out of date.") : null;
    if (!this.#loaded) {
      this.#wipe();
    }
    if (this.trouble.dataset.said !== error.message || !this.trouble.childElementCount) {
      this.trouble.dataset.said = error.message;
      this.trouble.replaceChildren(h("p", {}, h("b", {}, "Calls can't be shown. "), error.message, since), again);
    }
    if (error.isPassing) {
      this.#later();
    }
  }

  // Ask again in a while: sooner if the present is shown, later after errors.
  #later() {
    const wait = this.#failures ? Math.min(LIVE * 2 ** this.#failures, PATIENT) : this.#isLive ? LIVE : SETTLED;
    if (this.#isShown) {
      this.#timers.push(setTimeout(() => !document.hidden && this.#refresh(), wait));
    }
  }

  get #isLive() {
    const last = this.#asked.get("until") ?? this.#asked.get("day");
    return !last || last >= format.today();
  }

  #order() {
    const open = this.#open.filter((call) => call.state !== "ended");
    const settling = this.#open.filter((call) => call.state === "ended");
    const ended = [...settling, ...this.#first, ...this.#older].sort((one, other) => other.started_at.localeCompare(one.started_at));
    return [...open, ...ended];
  }

  #loading() {
    this.#wipe();
    this.counted.textContent = "Loading…";
    this.download.hidden = true;
    const ghosts = Array.from({ length: 8 }, () => h("tr", { role: "row" }, COLUMNS.map((_, at) => h("td", { role: "cell", class: `c${at}` }, h("span", {})))));
    this.table.hidden = false;
    this.table.append(h("tbody", { class: "ghosts", role: "rowgroup", "aria-hidden": "true" }, ghosts));
  }

  #wipe() {
    this.table.querySelectorAll("tbody").forEach((body) => body.remove());
    this.#rows.clear();
    this.#groups.clear();
    this.#newest = "";
    this.table.hidden = true;
    this.counted.textContent = "";
    this.empty.replaceChildren();
    this.more.replaceChildren();
  }

  // Bring the rows up to date; what has not changed is left alone, so that nobody loses their place.
  #draw() {
    this.table.querySelector(".ghosts")?.remove();
    const calls = this.#order();
    const focused = this.table.contains(document.activeElement) ? document.activeElement : null;
    const hasDays = !this.#isDated || new Set(calls.map((call) => format.dayOf(call.started_at))).size > 1;
    const wanted = Map.groupBy(calls, (call) => (call.state !== "ended" ? "open" : hasDays ? format.dayOf(call.started_at) : "calls"));
    const newest = this.#newest;
    this.#newest = calls.reduce((last, call) => (call.started_at > last ? call.started_at : last), newest);
    for (const [key, body] of this.#groups) {
      if (!wanted.has(key)) {
        body.remove();
        this.#groups.delete(key);
      }
    }
    const rows = new Map();
    let before = this.table.tHead;
    for (const [key, group] of wanted) {
      const body = this.#groups.get(key) ?? this.#group(key);
      if (before.nextElementSibling !== body) {
        before.after(body);
      }
      before = body;
      let last = body.querySelector(".group");
      for (const call of group) {
        const row = this.#row(this.#rows.get(call.call), call, newest && call.started_at > newest);
        const isInPlace = row.parentElement === body && row.previousElementSibling === last;
        if (!isInPlace) {
          last ? last.after(row) : body.prepend(row);
        }
        last = row;
        rows.set(call.call, row);
      }
    }
    for (const [id, row] of this.#rows) {
      if (!rows.has(id)) {
        row.remove();
      }
    }
    this.#rows = rows;
    focused?.focus({ preventScroll: true }); // a row that moves loses it
    this.table.hidden = !calls.length;
    this.download.hidden = !calls.length;
    const total = format.count(calls.length);
    this.counted.textContent = !calls.length ? "" : this.#cursor ? `The newest ${total} calls` : calls.length === 1 ? "1 call" : `${total} calls`;
    this.#showEmpty(calls.length);
    this.#showMore();
    this.#showParty();
  }

  #group(key) {
    const name = key === "open" ? "In progress" : key === "calls" ? null : format.dayName(key);
    const body = h("tbody", { class: `group-${key === "open" ? "open" : "ended"}`, role: "rowgroup" },
      name && h("tr", { class: "group", role: "row" }, h("th", { role: "rowheader", scope: "rowgroup", colspan: COLUMNS.length }, name)));
    this.#groups.set(key, body);
    return body;
  }

  #row(row, call, isNew) {
    const stamp = JSON.stringify(call);
    if (row?.dataset.stamp === stamp) {
      return row;
    }
    const search = CallsView.path(new URLSearchParams([...this.#asked])).split("?")[1];
    const link = row?.querySelector("a") ?? h("a", { "data-route": "", href: `/calls/${call.call}${search ? `?${search}` : ""}` });
    link.replaceChildren(h("time", { datetime: call.started_at, title: format.moment(call.started_at) }, format.clock(call.started_at)),
      hidden(`: ${call.summary ? format.line(call.summary) : "call"}`));
    const cell = (at, ...children) => h("td", { role: "cell", class: `c${at}` }, children);
    const cells = [
      row ? row.cells[0] : cell(0, link),
      cell(1, icon(call.direction), hidden(call.direction)),
      cell(2, who(call.from)),
      cell(3, who(call.to)),
      cell(4, call.answered_by ? who(call.answered_by) : null),
      cell(5, statusOf(call)),
      cell(6, ...waited(call)),
      cell(7, ...talked(call)),
    ];
    const made = row ?? h("tr", { role: "row" });
    made.className = `call is-${call.state === "ended" ? call.status ?? "unknown" : "open"}${isNew && !row ? " is-new" : ""}`;
    made.dataset.stamp = stamp;
    if (row) {
      cells.slice(1).forEach((one, at) => row.cells[at + 1].replaceWith(one)); // the link keeps the focus
    } else {
      made.append(...cells);
    }
    return made;
  }

  #showEmpty(number) {
    if (number || this.#cursor) {
      this.empty.replaceChildren();
      return;
    }
    const filters = ["status", "direction", "number", "party"].filter((name) => this.#asked.has(name));
    const day = this.#isDated ? this.day.textContent : null;
    const title = filters.length ? "No call is like that" : day === "today" ? "No calls today" : `No calls: ${day}`;
    const text = filters.length
      ? this.#isDated ? `Of ${day}, that is.` : "Numbers are compared as a whole; part of one finds nothing."
      : day === "today" ? "Calls appear here as soon as they begin." : "";
    const action = filters.length
      ? h("button", { type: "button", click: () => this.#ask(Object.fromEntries(filters.map((name) => [name, ""]))) }, "Show all calls")
      : h("button", { type: "button", click: () => this.before.click() }, "The day before");
    if (this.empty.dataset.said !== title + text || !this.empty.childElementCount) {
      this.empty.dataset.said = title + text;
      this.empty.replaceChildren(h("h2", {}, title), text && h("p", {}, text), action);
    }
  }

  #showMore() {
    const number = this.#first.length + this.#older.length;
    const old = this.more.querySelector("button");
    if (!this.#cursor) {
      this.more.replaceChildren();
    } else if (number >= MOST_ROWS) {
      this.more.replaceChildren(h("p", {}, `${format.count(number)} calls are shown. Choose fewer days to see older ones, or download all of them.`));
    } else if (!old || old.disabled) {
      const button = h("button", { type: "button", click: () => this.#loadOlder(button) }, "Show older calls");
      this.more.replaceChildren(number ? "" : h("p", {}, "None of the newest calls is like that."), button);
    }
  }

  // Draw the chart of the day, once a minute at most; only one day has one.
  async #chart() {
    const day = this.#asked.get("day");
    const isOne = this.#isDated && (!this.#asked.has("until") || this.#asked.get("until") === day);
    const account = this.#asked.get("account");
    const path = CallsView.path(new URLSearchParams(Object.entries({ day: day ?? "", account: account ?? "" })), {}, "day");
    if (!isOne) {
      this.#chartPath = "";
      this.figure.hidden = true;
      return;
    }
    if (path === this.#chartPath && Date.now() - this.#chartAt < SETTLED) {
      return;
    }
    if (path !== this.#chartPath) {
      this.figure.classList.add("is-loading");
    }
    [this.#chartPath, this.#chartAt] = [path, Date.now()];
    try {
      const answer = await get(path);
      if (path === this.#chartPath) {
        const isOpen = this.figure.querySelector("details")?.open;
        this.figure.replaceChildren(dayChart(answer));
        this.figure.querySelector("details").open = Boolean(isOpen);
        this.figure.hidden = answer.hours.every((hour) => !(hour.answered + hour.missed + hour.voicemail + hour.other));
      }
    } catch {
      this.figure.hidden = true; // the list says what is wrong
      this.#chartAt = 0;
    }
    this.figure.classList.remove("is-loading");
  }

  // Let the seconds of calls in progress pass.
  #tick() {
    for (const element of this.table.querySelectorAll("[data-since]")) {
      element.textContent = since(element.dataset.since);
    }
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !event.target.matches("tr.call a") || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const links = [...this.table.querySelectorAll("tr.call a")];
    const at = links.indexOf(event.target) + step;
    links[Math.min(Math.max(at, 0), links.length - 1)].focus();
    event.preventDefault();
  }

  async #save() {
    this.download.disabled = true;
    try {
      const { blob, name } = await getFile(CallsView.path(new URLSearchParams([...this.#asked]), {}, "calls.csv"));
      const address = URL.createObjectURL(blob);
      h("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      say("The file is downloaded.");
    } catch (error) {
      if (!this.#context.endsSession(error)) {
        delete this.trouble.dataset.said;
        this.trouble.replaceChildren(h("p", {}, h("b", {}, "There is no file. "), error.message));
      }
    } finally {
      this.download.disabled = false;
    }
  }
}

// Return how somebody is named, in a cell.
export function who(party) {
  const { name, number } = format.named(party);
  const words = [name, number].filter(Boolean).join(" ");
  return h("span", { class: "who", title: words },
    name && h("bdi", { class: "name" }, name), name && number ? " " : "", number && h("span", { class: name ? "number" : "number name" }, number));
}

// Return the status of a call, in words that a picture goes with.
export function statusOf(call) {
  if (call.state !== "ended") {
    return h("span", { class: "status status-open" }, icon("open"), call.state === "ringing" ? "Ringing" : call.status ? "Talking" : "Connected");
  }
  const shape = { answered: "answered", voicemail: "voicemail" }[call.status] ?? (call.status ? "missed" : "unknown");
  const seconds = call.status === "voicemail" && call.voicemail?.seconds !== undefined ? ` ${format.lasting(call.voicemail.seconds)}` : "";
  const incomplete = call.complete ? null : h("span", { class: "incomplete", title: "Something of this call was not seen" }, "*", hidden(" incomplete"));
  return h("span", { class: `status status-${call.status ?? "unknown"}` }, icon(shape), (STATUSES[call.status] ?? "Unknown") + seconds, incomplete);
}

function waited(call) {
  if (call.state === "ringing" || (call.state !== "ended" && !call.answered_at)) {
    return [h("span", { "data-since": call.started_at }, since(call.started_at))];
  }
  return [format.lasting(call.wait_seconds)];
}

function talked(call) {
  if (call.state !== "ended" && call.answered_at) {
    return [h("span", { "data-since": call.answered_at }, since(call.answered_at))];
  }
  return [format.lasting(call.talk_seconds)];
}

function since(iso) {
  return format.lasting((format.now() - Date.parse(iso)) / 1_000);
}

function same(one, other) {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
