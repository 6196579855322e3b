// One call: its facts, its legs as a picture, its message, and the events that it was made from.

import { get } from "./api.js";
import { h, hidden, icon, say } from "./dom.js";
import * as format from "./format.js";
import { focusHeading, Poll } from "./poll.js";
import { statusOf, who } from "./rows.js";
import { RESULTS, ROLES, timeline } from "./timeline.js";

const LIVE = 3_000; // milliseconds between two questions about a call in progress
const SETTLING = 10_000; // and about one that has ended, until it is final
const PATIENT = 60_000;
const STATIONS = {
  attendant: "Attendant",
  queue: "Queue",
  ring_group: "Ring group",
  parking: "Parked",
  voicemail: "Voicemail",
  transfer: "Transferred",
  forwarded: "Forwarded",
  conference: "Conference",
  click_to_dial: "Click to dial",
};

export class CallView {
  title = "Call";
  #context;
  #id;
  #search;
  #revision = null;
  #poll = new Poll((isSaid) => this.#load(isSaid));

  // `newer` and `older` are the calls beside it in the list, if that is known; `back` is where one came from.
  constructor(context, id, search, { newer, older, back = [`/calls${search}`, "Calls"] }) {
    [this.#context, this.#id, this.#search] = [context, id, search];
    const beside = (call, text) => call && h("a", { "data-route": "", href: `/calls/${call}${search}` }, text);
    this.heading = h("h1", { tabindex: -1 }, "Call");
    this.trouble = h("div", { class: "trouble", role: "alert" });
    this.facts = h("div", { class: "facts" }, h("p", { class: "quiet-text" }, "Loading…"));
    this.legs = h("div", {});
    this.events = h("section", { class: "events", "aria-labelledby": "events-title", hidden: true });
    this.element = h("article", { class: "one", "aria-busy": "true" },
      h("nav", { class: "beside", "aria-label": "Other calls" },
        h("a", { "data-route": "", href: back[0] }, `← ${back[1]}`), beside(newer, "Newer"), beside(older, "Older")),
      this.heading, this.trouble, this.facts, this.legs, this.events);
  }

  show(search, { focus }) {
    this.#poll.begin(focus);
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
      const answer = await get(`calls/${this.#id}`, signal);
      if (answer.call.merged_into) {
        this.#context.go(`/calls/${answer.call.merged_into}${this.#search}`, { replace: true });
        return;
      }
      this.#poll.succeeded();
      this.trouble.replaceChildren();
      this.#draw(answer);
      if (isSaid) {
        say(this.heading.textContent);
      }
      if (this.#revision !== JSON.stringify(answer.call)) {
        await this.#loadEvents(answer.call, signal);
        this.#revision = JSON.stringify(answer.call);
      }
      if (!answer.call.final) {
        this.#poll.later(answer.call.state === "ended" ? SETTLING : LIVE);
      }
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
    if (this.#revision === null) {
      this.facts.querySelector(".quiet-text")?.remove();
    }
    const isGone = error.status === 404;
    const text = isGone ? "It may have expired, or it is of an account that you may not see." : error.message;
    this.trouble.replaceChildren(
      h("p", {}, h("b", {}, isGone ? "There is no such call. " : "The call can't be shown. "), text),
      isGone ? "" : h("button", { type: "button", click: () => this.#poll.again() }, "Try again"));
    if (error.isPassing) {
      this.#poll.later(LIVE, PATIENT);
    }
  }

  #draw({ call, timeline: drawn }) {
    this.element.removeAttribute("aria-busy");
    const title = [format.namedInWords(call.from), format.namedInWords(call.to)];
    this.heading.replaceChildren(h("bdi", {}, title[0]), h("span", { class: "arrow", "aria-hidden": "true" }, "→"), hidden(" to "), h("bdi", {}, title[1]));
    this.#context.setTitle(`${title[0]} to ${title[1]}, ${format.clock(call.started_at)}`);
    this.facts.replaceChildren(...facts(call));
    if (this.legs.dataset.stamp !== JSON.stringify([call.legs, drawn])) { // what is the same stays where it is
      this.legs.dataset.stamp = JSON.stringify([call.legs, drawn]);
      this.legs.replaceChildren(...legs(call, drawn));
    }
  }

  async #loadEvents(call, signal) {
    const answer = await get(`calls/${this.#id}/events`, signal);
    const open = new Set([...this.events.querySelectorAll("details[open]")].map((one) => one.dataset.event));
    const places = new Map(call.legs.map((leg, at) => [leg.leg, at + 1]));
    const items = answer.events.map((event) => eventItem(event, call, places, open.has(event.event_id), answer.payloads));
    const notes = [];
    if (!answer.payloads) {
      notes.push("What Dash sent is shown to users with the role “payloads”.");
    }
    if (answer.expired) {
      notes.push(`${format.count(answer.expired)} more ${answer.expired === 1 ? "is" : "are"} no longer stored.`);
    }
    this.events.hidden = false;
    this.events.replaceChildren(
      h("h2", { id: "events-title" }, "Events ", h("small", {}, format.count(answer.events.length))),
      ...notes.map((note) => h("p", { class: "quiet-text" }, note)),
      h("ol", { class: "event-list" }, items));
  }
}

function facts(call) {
  const lead = h("p", { class: "lead" }, statusOf(call), call.reason ? h("span", { class: "reason" }, h("bdi", {}, format.line(call.reason))) : null);
  const pairs = [
    ["From", person(call.from)],
    ["To", person(call.to)],
    ["Asked for", differs(call.requested, call.to) && person(call.requested)],
    ["Answered by", person(call.answered_by)],
    ["Reached", differs(call.reached, call.answered_by) && person(call.reached)],
    ["Began", h("time", { datetime: call.started_at }, format.moment(call.started_at))],
    ["Direction", h("span", { class: "with-icon" }, icon(call.direction), call.direction)],
    ["Wait", format.lasting(call.wait_seconds)],
    ["Talk", format.lasting(call.talk_seconds)],
    ["In all", format.lasting(call.duration_seconds)],
    ["On the way", call.via.length ? h("ol", { class: "via" }, call.via.map((step) => station(step, call))) : null],
    ["Message", call.voicemail && listed(call, message(call))],
    ["Faxes", call.faxes.length ? listed(call, call.faxes.map(fax).join("; ")) : null],
    ["Alerts", call.missed_call.length ? alerts(call.missed_call) : null],
    ["Hangup", call.hangup_cause && h("span", {}, format.line(call.hangup_cause), call.hangup_code ? ` (${format.line(call.hangup_code)})` : "")],
  ];
  const missing = call.missing ?? [];
  return [
    lead,
    call.complete ? null : h("div", { class: "notice" }, h("p", {}, "Something of this call was not seen."), missing.length ? h("ul", {}, missing.map((one) => h("li", {}, format.line(one)))) : null),
    h("dl", { class: "pairs" }, pairs.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  ].filter(Boolean);
}

function differs(one, other) {
  return one && JSON.stringify(one) !== JSON.stringify(other);
}

// Return how somebody is named, with a link to all of their calls.
function person(party) {
  if (!party || !Object.keys(party).length) {
    return null;
  }
  const asked = party.owner ? ["party", `owner/${party.owner}`] : party.number ? ["number", party.number] : party.device ? ["party", `device/${party.device}`] : null;
  return h("span", { class: "person" }, who(party),
    asked && h("a", { class: "all", "data-route": "", href: `/calls?${new URLSearchParams([asked])}` }, "all calls", hidden(` of ${format.namedInWords(party)}`)));
}

function station(step, call) {
  const after = step.at ? format.lasting((Date.parse(step.at) - Date.parse(call.started_at)) / 1_000) : "";
  const more = [
    after && `at ${after}`,
    step.at && step.until && `for ${format.lasting((Date.parse(step.until) - Date.parse(step.at)) / 1_000)}`,
    step.phones && `${step.phones} phones`,
    step.number && `to ${format.spelled(format.line(step.number, 64))}`,
    step.slot && `slot ${format.line(step.slot, 32)}`,
    step.result,
  ].filter(Boolean).join(", ");
  return h("li", {}, STATIONS[step.kind] ?? step.kind, h("span", { class: "quiet-text" }, ` ${more}`));
}

function message(call) {
  const { at, seconds, transcribed } = call.voicemail;
  const words = [seconds !== undefined && format.lasting(seconds), at && `at ${format.exactClock(at)}`, transcribed ? "with a transcription" : "without a transcription"];
  return h("span", { class: "with-icon" }, icon("voicemail"), words.filter(Boolean).join(", "));
}

// Return what is said of a call's messages, with a link to where they are listed.
function listed(call, said) {
  return h("span", { class: "person" }, said, h("a", { class: "all", "data-route": "", href: `/messages?call=${call.call}` }, "voicemail and faxes"));
}

function fax({ result, error }) {
  return error ? `${result}: ${format.line(error)}` : result;
}

function alerts(sent) {
  const recipients = sent.reduce((sum, one) => sum + one.recipients, 0);
  return `Missed call, by e-mail to ${format.count(recipients)} ${recipients === 1 ? "address" : "addresses"}`;
}

function legs(call, drawn) {
  if (!call.legs.length) {
    return [];
  }
  const from = Date.parse(drawn.start);
  const offset = (iso) => (iso ? format.lasting((Date.parse(iso) - from) / 1_000) : "");
  const names = ["", "Who", "Role", "Result", "Began", "Rang", "Talked", "Hangup"];
  const head = names.map((name, at) => h("th", { role: "columnheader", scope: "col", class: `l${at}` }, name || "Leg"));
  const rows = call.legs.map((leg, at) => {
    const cells = [
      at + 1, who(leg.party ?? {}), ROLES[leg.role] ?? leg.role, RESULTS[leg.result] ?? leg.result,
      offset(leg.started_at), format.lasting(leg.rang_seconds), leg.talk_seconds ? format.lasting(leg.talk_seconds) : "",
      format.line(leg.hangup_cause ?? "").replaceAll("_", " ").toLowerCase(),
    ];
    return h("tr", { role: "row" }, cells.map((value, column) => h("td", { role: "cell", class: `l${column}`, "data-name": names[column] }, value)));
  });
  const others = call.leg_count - call.legs.length;
  return [h("section", { "aria-labelledby": "legs-title" },
    h("h2", { id: "legs-title" }, "Legs ", h("small", {}, format.count(call.leg_count))),
    timeline(call, drawn),
    others > 0 ? h("p", { class: "quiet-text" }, `The record has the first ${call.legs.length} of them.`) : null,
    h("table", { class: "legs", role: "table" }, h("caption", { class: "visually-hidden" }, "The legs of the call; times since its beginning"),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)), h("tbody", { role: "rowgroup" }, rows)))];
}

function eventItem(event, call, places, isOpen, hasPayloads) {
  const at = event.occurred_at ?? event.received_at;
  const place = places.get(event.leg);
  const line = [
    h("time", { datetime: at, title: format.moment(at) }, format.exactClock(at)),
    h("code", { class: "hook" }, format.line(event.hook, 60)),
    h("span", { class: "leg-number" }, place ? `leg ${place}` : ""),
    h("bdi", { class: "summary" }, format.line(event.summary)),
    event.recovered ? h("span", { class: "tag" }, "recovered later") : null,
  ];
  if (!hasPayloads) {
    return h("li", {}, h("div", { class: "event" }, line));
  }
  const details = h("details", { "data-event": event.event_id, toggle: () => fill() }, h("summary", { class: "event" }, line));
  const fill = () => {
    if (details.open && details.childElementCount === 1) { // only what is looked at is written out
      const text = event.payload_omitted ? "The payloads of this call are too large to be shown together." : format.pretty(event.payload ?? null);
      details.append(h("pre", { tabindex: 0, "aria-label": "Payload" }, text));
    }
  };
  details.open = isOpen;
  return h("li", {}, details);
}
