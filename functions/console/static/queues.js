// How many messages wait in each queue.

import * as format from "./format.js";
import { h } from "./dom.js";
import { figures, section } from "./parts.js";

const QUEUES = {
  redrive: ["Redrive", "Deliveries that could not be stored; they are stored from here"],
  publish: ["Publish", "Events that could not be published, to be tried again"],
  calls: ["Calls", "Calls that wait to be worked out again"],
  "dead letters": ["Dead letters", "What all attempts failed for; somebody has to look at it"],
};

export class Queues {
  constructor() {
    this.list = h("div", {});
    this.element = section("Queues", this.list).element;
  }

  draw({ queues }) {
    this.list.replaceChildren(figures(queues.map(({ name, messages }) => {
      const [title, what] = QUEUES[name] ?? [name, ""];
      return [title, what, messages === null ? "unknown" : format.count(messages), name === "dead letters" && messages > 0];
    })));
  }
}
