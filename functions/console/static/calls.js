// The list of calls: loading what is asked for, and staying up to date.

import { get, getFile } from "./api.js";
import { dayChart } from "./chart.js";
import { h, say } from "./dom.js";
import { Filters, Question } from "./filters.js";
import * as format from "./format.js";
import { CallTable } from "./rows.js";

const LIVE = 5_000; // milliseconds between two questions about the present
const SETTLED = 60_000; // and about the past, which seldom changes; and between two charts
const PATIENT = 60_000; // the longest wait after errors
const MOST_ROWS = 1_000;
const PAGE = 50;
const PAGES_AT_ONCE = 5; // that are looked through for one page of rare calls

export class CallsView {
  title = "Calls";
  #context;
  #question = null;
  #calls = []; // those that are final, newest first
  #open = []; // those in progress, and those that ended a moment ago
  #cursor = null;
  #isLoaded = false;
  #isShown = false;
  #failures = 0;
  #aborter = new AbortController();
  #timer = 0;
  #ticker = 0;
  #chartPath = "";
  #chartAt = 0;
  #scroll = 0;
  #opened = null;

  constructor(context) {
    this.#context = context;
    this.filters = new Filters(context.me.accounts, (changes) => this.#ask(changes));
    this.heading = h("h1", { tabindex: -1 }, "Calls");
    this.fresh = h("span", { class: "fresh" });
    this.figure = h("div", { class: "chart", hidden: true });
    this.counted = h("p", { class: "counted" });
    this.download = h("button", { type: "button", class: "quiet", click: () => this.#save() }, "Download CSV");
    this.trouble = h("div", { class: "trouble", role: "alert" });
    this.table = new CallTable();
    this.empty = h("div", { class: "empty" });
    this.more = h("div", { class: "more" });
    this.element = h("section", { class: "list" },
      h("div", { class: "title" }, this.heading, this.filters.steps, this.fresh),
      this.filters.form, this.filters.chips, this.figure,
      h("div", { class: "above" }, this.counted, this.download),
      this.trouble, this.table.element, this.empty, this.more);
    document.addEventListener("visibilitychange", () => this.#isShown && !document.hidden && this.#refresh());
  }

  // Begin to show what an address asks for; what is there already stays.
  show(search, { focus }) {
    this.#isShown = true;
    clearInterval(this.#ticker);
    this.#ticker = setInterval(() => this.table.tick(), 1_000);
    const question = new Question(search);
    if (this.#isLoaded && question.equals(this.#question)) {
      this.#refresh();
      window.scrollTo(0, this.#scroll);
      const link = this.table.link(this.#opened);
      (link ?? this.heading).focus({ preventScroll: Boolean(link) });
      return;
    }
    this.#question = question;
    this.filters.fill(question);
    this.#load();
    if (focus) {
      this.heading.focus();
    }
  }

  hide() {
    this.#isShown = false;
    this.#scroll = window.scrollY;
    clearInterval(this.#ticker);
    clearTimeout(this.#timer);
  }

  // Return the calls before and after one in the list, which is opened.
  around(id) {
    this.#opened = id;
    const shown = this.#order();
    const at = shown.findIndex((call) => call.call === id);
    return at < 0 ? {} : { newer: shown[at - 1]?.call, older: shown[at + 1]?.call };
  }

  // Go to the address for other parameters.
  #ask(changes) {
    const wanted = this.#question.with(changes);
    if (!wanted.equals(this.#question)) {
      this.#context.go(`/calls${wanted.search}`, { focus: false });
    }
  }

  // Load what is asked for from the beginning.
  async #load() {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    const { signal } = this.#aborter;
    clearTimeout(this.#timer);
    [this.#calls, this.#open, this.#cursor] = [[], [], null];
    [this.#isLoaded, this.#failures] = [false, 0];
    this.element.setAttribute("aria-busy", "true");
    this.#clear();
    this.table.wait();
    this.counted.textContent = "Loading…";
    this.#chart();
    try {
      const page = await this.#pages(null, signal);
      [this.#calls, this.#open, this.#cursor] = [page.calls, page.open, page.cursor];
    } catch (error) {
      return this.#failed(error, signal);
    }
    this.#isLoaded = true;
    this.#succeeded();
    const number = this.#order().length;
    say(number ? `${number}${this.#cursor ? " or more" : ""} calls` : "No calls");
    return undefined;
  }

  // Return a page's worth of calls: where filters leave out most, several pages are looked through.
  async #pages(cursor, signal) {
    const found = { open: [], calls: [], cursor };
    for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
      const answer = await get(this.#question.path("calls", found.cursor ? { cursor: found.cursor } : {}), signal);
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

  // Ask again for the newest calls, and put them before those that are older.
  async #refresh() {
    const { signal } = this.#aborter;
    clearTimeout(this.#timer);
    if (!this.#isLoaded) {
      return this.#load();
    }
    try {
      const page = await get(this.#question.path(), signal);
      signal.throwIfAborted();
      this.#merge(page);
    } catch (error) {
      return this.#failed(error, signal);
    }
    this.#succeeded();
    return this.#chart();
  }

  #merge({ open, calls, cursor }) {
    const known = new Set(calls.map((call) => call.call));
    const last = calls.at(-1);
    const older = this.#calls.filter((call) => !known.has(call.call) && (!last || call.started_at <= last.started_at));
    const isGap = calls.length >= PAGE && !this.#calls.some((call) => known.has(call.call));
    if (!cursor || isGap) { // there are no more, or so many new ones that some are missing between
      [this.#calls, this.#cursor] = [calls, cursor];
    } else {
      this.#calls = [...calls, ...older];
    }
    this.#open = open;
  }

  async #loadOlder(button) {
    const { signal } = this.#aborter;
    const known = new Set(this.#calls.map((call) => call.call));
    button.disabled = true;
    button.textContent = "Looking…";
    try {
      const page = await this.#pages(this.#cursor, signal);
      const added = page.calls.filter((call) => !known.has(call.call));
      this.#calls.push(...added);
      this.#cursor = page.cursor;
      this.#succeeded();
      say(`${added.length} more calls`);
      (this.table.link(added[0]?.call) ?? this.more.querySelector("button"))?.focus({ preventScroll: true });
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
    this.fresh.textContent = this.#question.isLive ? "Live" : "";
    const calls = this.#order();
    this.table.draw(calls, this.#question);
    this.filters.nameParty(calls);
    this.download.hidden = !calls.length;
    this.#showCount(calls.length);
    this.#showEmpty(calls.length);
    this.#showMore();
    this.#later();
  }

  #failed(error, signal) {
    if (signal.aborted || this.#context.endsSession(error)) {
      return;
    }
    this.#failures += 1;
    this.element.removeAttribute("aria-busy");
    this.element.classList.toggle("is-stale", this.#isLoaded);
    this.fresh.textContent = "";
    if (!this.#isLoaded) {
      this.#clear();
    }
    const said = error.status === 404 ? "There is no such account, or you may not see it." : error.message;
    if (this.trouble.dataset.said !== said || !this.trouble.childElementCount) { // once, not with every attempt
      this.trouble.dataset.said = said;
      const [title, more] = this.#isLoaded ? ["No news of calls. ", " What is below may be out of date."] : ["Calls can't be shown. ", ""];
      this.trouble.replaceChildren(h("p", {}, h("b", {}, title), said, more),
        h("button", { type: "button", click: () => this.#refresh() }, "Try again"));
    }
    if (error.isPassing) {
      this.#later();
    }
  }

  // Ask again in a while: sooner if the present is shown, later after errors.
  #later() {
    const usual = this.#question.isLive ? LIVE : SETTLED;
    const wait = this.#failures ? Math.min(LIVE * 2 ** this.#failures, PATIENT) : usual;
    clearTimeout(this.#timer);
    if (this.#isShown) {
      this.#timer = setTimeout(() => !document.hidden && this.#refresh(), wait);
    }
  }

  #order() {
    const ended = this.#open.filter((call) => call.state === "ended");
    const all = [...ended, ...this.#calls].sort((one, other) => other.started_at.localeCompare(one.started_at));
    return [...this.#open.filter((call) => call.state !== "ended"), ...all];
  }

  #clear() {
    this.table.clear();
    this.counted.textContent = "";
    this.download.hidden = true;
    this.empty.replaceChildren();
    this.more.replaceChildren();
  }

  #showCount(number) {
    const all = number === 1 ? "1 call" : `${format.count(number)} calls`;
    this.counted.textContent = !number ? "" : this.#cursor ? `The newest ${all}` : all;
  }

  #showEmpty(number) {
    if (number || this.#cursor) {
      this.empty.replaceChildren();
      return;
    }
    const question = this.#question;
    const filters = ["status", "direction", "number", "party"].filter((name) => question.has(name));
    const isToday = question.isOneDay && question.days === "today";
    let [title, text] = [isToday ? "No calls today" : `No calls: ${question.days}`, isToday ? "Calls appear here as soon as they begin." : ""];
    let action = h("button", { type: "button", click: () => this.filters.stepBack() }, "The day before");
    if (filters.length) {
      title = "No call is like that";
      text = question.isDated ? `Among the calls of ${question.days}.` : "Numbers are compared as a whole: a part of one finds nothing.";
      action = h("button", { type: "button", click: () => this.#ask(Object.fromEntries(filters.map((name) => [name, ""]))) }, "Show all calls");
    }
    if (this.empty.dataset.said !== title + text || !this.empty.childElementCount) {
      this.empty.dataset.said = title + text;
      this.empty.replaceChildren(h("h2", {}, title), text && h("p", {}, text), action);
    }
  }

  #showMore() {
    const number = this.#calls.length;
    const before = this.more.querySelector("button");
    if (!this.#cursor) {
      this.more.replaceChildren();
    } else if (number >= MOST_ROWS) {
      this.more.replaceChildren(h("p", {}, `${format.count(number)} calls are shown. Choose fewer days to see older ones.`));
    } else if (!before || before.disabled) {
      const button = h("button", { type: "button", click: () => this.#loadOlder(button) }, "Show older calls");
      this.more.replaceChildren(number ? "" : h("p", {}, "None of the newest calls is like that."), button);
    }
  }

  // Draw the chart of the day, once a minute at most; only one day has one.
  async #chart() {
    const question = this.#question;
    const path = new Question("").with({ day: question.get("day") || question.get("until"), account: question.get("account") }).path("day");
    if (!question.isOneDay) {
      this.#chartPath = "";
      this.figure.hidden = true;
      return;
    }
    const isOther = path !== this.#chartPath;
    if (!isOther && Date.now() - this.#chartAt < SETTLED) {
      return;
    }
    this.figure.classList.toggle("is-loading", isOther);
    [this.#chartPath, this.#chartAt] = [path, Date.now()];
    try {
      const answer = await get(path);
      if (path === this.#chartPath) {
        const isOpen = this.figure.querySelector("details")?.open ?? false;
        this.figure.replaceChildren(dayChart(answer));
        this.figure.querySelector("details").open = isOpen;
        this.figure.hidden = answer.hours.every((hour) => !(hour.answered + hour.missed + hour.voicemail + hour.other));
      }
    } catch {
      this.figure.hidden = true; // the list says what is wrong
      this.#chartAt = 0;
    }
    this.figure.classList.remove("is-loading");
  }

  async #save() {
    this.download.disabled = true;
    try {
      const { blob, name } = await getFile(this.#question.path("calls.csv"));
      const address = URL.createObjectURL(blob);
      h("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      say("The file is downloaded.");
    } catch (error) {
      if (!this.#context.endsSession(error)) {
        this.trouble.dataset.said = "";
        this.trouble.replaceChildren(h("p", {}, h("b", {}, "There is no file. "), error.message));
      }
    } finally {
      this.download.disabled = false;
    }
  }
}
