// What goes on now: calls in progress with what each is doing, and devices that registered and dropped.

import { get } from "./api.js";
import { h, hidden, icon } from "./dom.js";
import { accountField } from "./filters.js";
import * as format from "./format.js";
import { LiveView } from "./live.js";
import { who } from "./rows.js";
import { styled } from "./styles.js";
import { ago, clock, lasting, Table } from "./table.js";

await styled("views.css");

const LIVE = 5_000; // milliseconds between two questions
const PATIENT = 60_000;
const MOST_WORDS = 2_000; // of devices that the API looks at
const DOING = {
  ringing: ["open", "Ringing"],
  waiting: ["open", "Waiting"],
  talking: ["answered", "Talking"],
  parked: ["open", "Parked"],
};
const WAITING = { attendant: "With the attendant", queue: "Waiting in a queue", voicemail: "In voicemail", conference: "In a conference" };
const CALLS = [["c0", "Began"], ["c1", ["Direction"]], ["c2", "From"], ["c3", "To"], ["c4", "Answered by"], ["c5", "Doing"]];
const DEVICES = [["d0", "Device"], ["d1", "When"], ["d2", "Details"], ["d3", ["Calls"]]];

export class NowView extends LiveView {
  path = "/now";

  constructor(context) {
    super(context, "Now", { live: LIVE, patient: PATIENT });
    const account = accountField(context.me.accounts);
    this.form = h("form", {
      class: "filters", "aria-label": "Account", hidden: !account, change: () => this.form.reportValidity() && this.#choose(),
      submit: (event) => {
        event.preventDefault();
        this.#choose();
      },
    }, account);
    this.calls = new Table("calls", "Calls in progress, newest first", CALLS, callRow);
    this.devices = new Table("devices", "Devices, those that dropped first", DEVICES, deviceRow);
    this.callsCount = h("small", {});
    this.devicesCount = h("small", {});
    this.callsText = h("p", { class: "quiet-text" });
    this.devicesText = h("p", { class: "quiet-text" });
    this.element = h("section", { class: "list present" },
      h("div", { class: "title" }, this.heading, this.form, this.fresh), this.trouble,
      h("section", { "aria-labelledby": "in-progress" }, h("h2", { id: "in-progress" }, "Calls ", this.callsCount), this.calls.element, this.callsText),
      h("section", { "aria-labelledby": "devices" }, h("h2", { id: "devices" }, "Devices ", this.devicesCount), this.devicesText, this.devices.element));
  }

  begin() {
    const field = this.form.elements.account;
    if (field) {
      field.value = this.#account;
    }
    this.clear();
    this.calls.wait();
    this.callsText.textContent = "Loading…";
  }

  clear() {
    this.calls.clear();
    this.devices.clear();
    for (const element of [this.callsCount, this.devicesCount, this.callsText, this.devicesText, this.fresh]) {
      element.replaceChildren();
    }
  }

  place() {
    return this.calls.opened ?? this.devices.opened;
  }

  tick() {
    this.calls.tick();
    this.devices.tick();
  }

  async ask(signal) {
    const query = this.#account ? `?${new URLSearchParams({ account: this.#account })}` : "";
    return get(`now${query}`, signal);
  }

  draw({ calls, devices, numbers, complete }) {
    this.fresh.textContent = "Live";
    const isLost = [this.calls.draw(calls), this.devices.draw(devices)].includes(true);
    this.callsCount.textContent = inWords(calls, numbers.calls);
    this.callsText.textContent = !calls.length ? "Nobody is on the phone. Calls appear here as soon as they begin."
      : calls.length < numbers.calls ? `The newest ${format.count(calls.length)} are shown.` : "";
    this.devicesCount.textContent = counted(numbers, complete);
    this.devicesText.textContent = aboutDevices(devices, numbers, complete);
    if (isLost) {
      this.heading.focus({ preventScroll: true });
    }
  }

  words({ numbers }) {
    return `${plural(numbers.calls, "call", "calls")} in progress, ${plural(numbers.dropped, "device", "devices")} dropped`;
  }

  get #account() {
    return new URLSearchParams(this.search).get("account") ?? "";
  }

  #choose() {
    const account = this.form.elements.account.value.trim();
    if (account !== this.#account) {
      this.context.go(`/now${account && `?${new URLSearchParams({ account })}`}`, { focus: false });
    }
  }
}

function callRow(call) {
  return {
    key: call.call,
    stamp: JSON.stringify(call),
    kind: "call is-open",
    cells: () => [
      h("a", { "data-route": "", href: `/calls/${call.call}` }, clock(call.started_at), hidden(`: ${format.line(call.summary) || "call"}`)),
      [icon(call.direction), hidden(call.direction)],
      who(call.from),
      who(call.to),
      call.answered_by ? who(call.answered_by) : null,
      doing(call),
    ],
  };
}

// Return what a call is doing, where, and for how long.
function doing(call) {
  const [shape, word] = DOING[call.doing] ?? ["unknown", "In progress"];
  const step = call.via?.at(-1);
  const slot = call.doing === "parked" && step?.slot ? ` in ${format.line(step.slot, 12)}` : "";
  const words = (call.doing === "waiting" && WAITING[step?.kind]) || word + slot;
  return h("span", { class: `status doing-${call.doing}` }, icon(shape), h("span", { class: "where" }, words), " ", lasting(call.doing_since));
}

function inWords(calls, number) {
  const kinds = Object.keys(DOING).map((kind) => [calls.filter((call) => call.doing === kind).length, kind]).filter(([some]) => some);
  return number ? `${format.count(number)}: ${kinds.map(([some, kind]) => `${format.count(some)} ${kind}`).join(", ")}` : "none";
}

function deviceRow(device) {
  const isDropped = device.state === "dropped";
  return {
    key: device.device,
    stamp: JSON.stringify(device),
    kind: `is-${device.state}`,
    group: isDropped ? "Dropped" : "Registered",
    cells: () => [
      named(device),
      ago(device.since),
      details(device),
      device.party ? h("a", { "data-route": "", href: `/calls?${new URLSearchParams({ party: device.party })}` }, "all calls", hidden(` of ${device.name ? format.line(device.name) : format.line(device.device)}`)) : null,
    ],
  };
}

function named({ device, name, number }) {
  const address = h("bdi", { class: "address" }, format.line(device, 120));
  return name || number ? [who({ name, number }), " ", address] : address;
}

// Return why a device dropped, and how often it did if that is more than phones do in a day.
function details({ reason, times: { registered, dropped } }) {
  const often = [plural(registered, "registration", "registrations"), dropped && plural(dropped, "drop", "drops")].filter(Boolean).join(", ");
  const words = [reason && h("bdi", {}, format.line(reason, 60)), (dropped > 1 || registered > 2) && `${often} in 24 hours`].filter(Boolean);
  return words.length > 1 ? [words[0], "; ", words[1]] : words;
}

function counted({ dropped, registered }, complete) {
  const words = [dropped && `${format.count(dropped)} dropped`, registered && `${format.count(registered)} registered`].filter(Boolean).join(", ");
  return words && (complete ? words : `at least ${words}`);
}

function aboutDevices(devices, { dropped, registered }, complete) {
  if (!devices.length) {
    return "No device registered or dropped in the last 24 hours.";
  }
  const all = dropped + registered;
  return [
    "What Dash said last of those that registered or dropped in the last 24 hours.",
    devices.length < all ? `${format.count(devices.length)} of ${format.count(all)} are shown, those that dropped first.` : "",
    complete ? "" : `There is more than can be looked at: only the newest ${format.count(MOST_WORDS)} registrations and drops count.`,
  ].filter(Boolean).join(" ");
}

function plural(number, one, many) {
  return `${format.count(number)} ${number === 1 ? one : many}`;
}
