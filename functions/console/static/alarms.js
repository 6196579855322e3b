// The stack's alarms: what is wrong, and where to read what to do.

import { h } from "./dom.js";
import * as format from "./format.js";
import { plural, quiet, section, when } from "./parts.js";

const SECTION = /#([a-z0-9-]+)$/;

export class Alarms {
  constructor() {
    this.loud = h("ul", { class: "alarms" });
    this.summary = h("summary", {});
    this.names = h("ul", {});
    this.others = h("details", { class: "others" }, this.summary, this.names);
    this.none = quiet("");
    const { element, number } = section("Alarms", this.loud, this.none, this.others);
    [this.element, this.number] = [element, number];
  }

  draw({ alarms }) {
    const all = alarms ?? [];
    const loud = all.filter(isLoud);
    const others = all.filter((alarm) => !isLoud(alarm));
    const unknown = others.filter((alarm) => alarm.state !== "OK").length;
    const well = others.length - unknown;
    this.number.textContent = alarms ? format.count(loud.length) : "";
    this.loud.replaceChildren(...loud.map(item));
    this.none.textContent = alarms ? "There are no alarms." : "CloudWatch does not tell at the moment.";
    this.none.hidden = all.length > 0;
    this.others.hidden = !others.length;
    const said = [well && plural(well, "alarm is quiet", "alarms are quiet"), unknown && `${plural(unknown, "has", "have")} no data yet`];
    this.summary.textContent = `${said.filter(Boolean).join(", ")}.`;
    this.names.replaceChildren(...others.map((alarm) =>
      h("li", {}, title(alarm), alarm.state === "OK" ? null : h("span", { class: "quiet-text" }, " no data yet"))));
  }
}

function item(alarm) {
  const { runbook, description } = alarm;
  return h("li", {},
    h("p", {}, h("b", { class: "is-bad" }, title(alarm)), h("span", { class: "quiet-text" }, " since ", when(alarm.since, "some time"))),
    h("p", {}, h("bdi", {}, format.line(description, 1_000))),
    runbook ? h("p", {}, "What to do: ", h("code", {}, format.line(runbook, 200))) : null);
}

// The runbook's heading says it better than a name that CloudFormation made.
function title({ name, runbook }) {
  const [, heading] = SECTION.exec(runbook ?? "") ?? [];
  return h("bdi", { class: "alarm-name" }, format.line(heading?.replaceAll("-", " ") ?? name, 120));
}

export function isLoud(alarm) {
  return alarm.on;
}
