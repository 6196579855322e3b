// Times, durations, numbers and names, as people write them: in the office's time zone and the browser's language.

let zone = "UTC";
let ahead = 0; // milliseconds that the server's clock is ahead of this one

export function setOffice(timeZone, now) {
  zone = timeZone;
  ahead = Date.parse(now) - Date.now();
  formats.clear();
}

export function officeZone() {
  return zone;
}

export function now() {
  return Date.now() + ahead;
}

const formats = new Map();

function formatted(name, options, at) {
  if (!formats.has(name)) {
    formats.set(name, new Intl.DateTimeFormat(undefined, { timeZone: zone, ...options }));
  }
  return formats.get(name).format(at);
}

const CLOCK = { hour: "2-digit", minute: "2-digit" };
const DATE = { weekday: "short", day: "numeric", month: "short", year: "numeric" };

export function clock(iso) {
  return formatted("clock", CLOCK, new Date(iso));
}

export function exactClock(iso) {
  return formatted("exact", { ...CLOCK, second: "2-digit" }, new Date(iso));
}

export function moment(iso) {
  return formatted("moment", { ...DATE, ...CLOCK, second: "2-digit" }, new Date(iso));
}

// Return the day of the office in which a time is, as 2026-11-23.
export function dayOf(at) {
  const options = { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", calendar: "gregory", numberingSystem: "latn" };
  const parts = new Intl.DateTimeFormat("en-US", options).formatToParts(new Date(at));
  const { year, month, day } = Object.fromEntries(parts.map((part) => [part.type, part.value]));
  return `${year}-${month}-${day}`;
}

export function today() {
  return dayOf(now());
}

export function daysLater(day, days) {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

// Return a day as people say it; the zone does not matter to it.
export function dayName(day) {
  if (day === today()) {
    return "today";
  }
  return new Intl.DateTimeFormat(undefined, { timeZone: "UTC", ...DATE }).format(new Date(`${day}T12:00:00Z`));
}

export function count(number) {
  return new Intl.NumberFormat().format(number);
}

// Return m:ss or h:mm:ss; empty for what is not known.
export function lasting(seconds) {
  if (seconds === null || seconds === undefined) {
    return "";
  }
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// Return how long ago something was, such as "5 minutes ago".
export function ago(iso) {
  const seconds = Math.round((Date.parse(iso) - now()) / 1000);
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
  const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

const SPACES = /[\p{Cc}\p{Z}]+/gu;
const NOT_SHOWN = /[\p{Cf}\p{Cs}\p{Cn}\p{Co}]/gu; // overrides of the direction among them
const MARKS = /(\p{M}{3})\p{M}+/gu; // more of them run into other lines

// Return text from outside as one harmless line: the same rule as the layer's `one_line`.
export function line(text, most = 300) {
  const shown = String(text ?? "").replace(SPACES, " ").replace(NOT_SHOWN, "").replace(MARKS, "$1").trim();
  return shown.length > most ? `${shown.slice(0, most)}…` : shown;
}

// Return JSON with an escape for every character that is not seen or moves others.
export function pretty(value) {
  const escaped = (text) => [...text].map((one) => {
    const code = one.codePointAt(0);
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  }).join("");
  return JSON.stringify(value, null, 2).replace(/[^\P{C}\n]|[\u2028\u2029]/gu, escaped);
}

const NORTH_AMERICAN = /^\+?1(\d{3})(\d{3})(\d{4})$/;
const ID = /^[0-9a-f]{32}$/;

export function spelled(number) {
  const parts = NORTH_AMERICAN.exec(number);
  return parts ? `+1 ${parts.slice(1).join("-")}` : number;
}

// Return the name and the number of somebody, each empty if it is not known; never an id of Dash.
export function named(party) {
  const said = (key) => {
    const text = line(party?.[key], 120);
    return ID.test(text) ? "" : text;
  };
  const number = said("extension") || said("number");
  const name = said("name");
  const isSame = name.replace(/\D/g, "").slice(-10) === number.replace(/\D/g, "").slice(-10) && !/\p{L}/u.test(name);
  if (!name && !number && party) {
    return { name: party.device || party.owner ? "a phone" : "unknown", number: "" };
  }
  return { name: isSame ? "" : name, number: spelled(number) };
}

export function namedInWords(party) {
  const { name, number } = named(party);
  return name && number ? `${name} (${number})` : name || number || "unknown";
}
