// What operators do. It asks first, does it, and says what came of it beside the buttons that did it.

import { post } from "./api.js";
import { h, hidden, say } from "./dom.js";
import * as format from "./format.js";

const AMBIGUOUS = "It may have been done all the same: “Who did what” tells.";

// A place on the page with buttons, of which one works at a time, and with what came of the last one.
export class Place {
  #context;
  #changed;
  #isBusy = false;

  // `changed` is called when something may have changed.
  constructor(context, changed) {
    [this.#context, this.#changed] = [context, changed];
    this.outcome = h("div", { class: "outcome", tabindex: -1, hidden: true });
  }

  // Return a button that begins something. Who does not see what it is beside hears `about`, too.
  button(label, about, begin, attributes = {}) {
    const click = () => this.#isBusy || begin();
    const how = { type: "button", class: "act does", "aria-disabled": this.#isBusy && "true", click, ...attributes };
    return h("button", how, h("span", {}, label), hidden(` ${format.line(about, 80)}`));
  }

  // Show a button or not. A focus on one that goes moves to what came of it, or to what is beside it.
  show(button, isShown) {
    const hadFocus = button === document.activeElement;
    button.hidden = !isShown;
    if (hadFocus && !isShown) {
      const next = this.outcome.hidden ? button.parentElement.querySelector("button:not([hidden])") : this.outcome;
      next?.focus({ preventScroll: true });
    }
  }

  // Ask; then do it, and say what came of it: in a sentence, and in the lines that `more` makes of the result.
  async perform({ path, body, doing, more, ...question }) {
    if (!this.outcome.isConnected) { // somebody left the page while this was prepared
      return;
    }
    const asking = new Asking({ doing, email: this.#context.me.user.email, ...question });
    if (!await asking.isConfirmed(this.outcome.closest("article"))) {
      return;
    }
    const answer = await this.#post(path, body, doing);
    asking.close(); // first, so that what is said is heard
    if (answer) {
      this.tell(answer, more);
    }
    this.#changed();
  }

  // Return the answer to what changes nothing: a dry run. It is null if that did not go well, which is said.
  async look({ path, body, doing }) {
    const answer = await this.#post(path, { ...body, dry_run: true }, doing);
    if (answer?.outcome === "done") {
      this.outcome.hidden = true;
      return answer;
    }
    if (answer) {
      this.tell(answer);
    }
    return null;
  }

  // Say what came of something, here and aloud.
  tell({ outcome, message, result }, more = () => []) {
    const at = new Date(format.now()).toISOString();
    const [text, ...lines] = [message, ...(result ? more(result) : [])].map((one) => format.line(one, 1_000));
    this.#write(["failed", "refused"].includes(outcome), h("time", { datetime: at, title: format.moment(at) }, format.exactClock(at)),
      h("p", {}, text), lines.length ? h("ul", {}, lines.map((one) => h("li", {}, one))) : null);
    say([text, ...lines].join(" "));
  }

  async #post(path, body, doing) {
    this.#mark(true);
    this.#write(false, h("p", { class: "quiet-text" }, doing));
    try {
      return await post(path, body);
    } catch (error) {
      if (!this.#context.endsSession(error)) {
        const isOpen = !error.status && !body.dry_run;
        this.tell({ outcome: "failed", message: isOpen ? `${error.message} ${AMBIGUOUS}` : error.message });
      }
      return null;
    } finally {
      this.#mark(false);
    }
  }

  #write(isBad, ...children) {
    this.outcome.classList.toggle("is-wrong", isBad);
    this.outcome.hidden = false;
    this.outcome.replaceChildren(...children.filter(Boolean));
  }

  // A button that is disabled for good would lose its focus.
  #mark(isBusy) {
    this.#isBusy = isBusy;
    for (const button of this.outcome.closest("tbody, section").querySelectorAll(".does")) {
      if (isBusy) {
        button.setAttribute("aria-disabled", "true");
      } else {
        button.removeAttribute("aria-disabled");
      }
    }
  }
}

// A question before something is done: it says what will happen. Escape and “Cancel” leave everything as it is.
class Asking {
  #doing;
  #confirm;
  #cancel;
  #status = h("p", { class: "doing", role: "status", tabindex: -1 });

  // `text` is a list of paragraphs, as text or elements.
  constructor({ title, text, label, doing, email }) {
    this.#doing = doing;
    this.#confirm = h("button", { type: "button", class: "do" }, label);
    this.#cancel = h("button", { type: "button", autofocus: true, click: () => this.close() }, "Cancel");
    const paragraphs = text.filter(Boolean).map((one) => (typeof one === "string" ? h("p", {}, one) : one));
    this.element = h("dialog", { class: "question", "aria-labelledby": "question-title", "aria-describedby": "question-text" },
      h("h2", { id: "question-title" }, title),
      h("div", { id: "question-text" }, paragraphs, h("p", { class: "quiet-text" }, "It is recorded as done by ", h("bdi", {}, format.line(email, 120)), ".")),
      this.#status, h("div", { class: "answers" }, this.#confirm, this.#cancel));
  }

  // Ask inside an element, with which the question goes away. Who has confirmed sees that it is being done, until `close`.
  isConfirmed(parent) {
    parent.append(this.element);
    this.element.showModal();
    return new Promise((resolve) => {
      this.#confirm.addEventListener("click", () => {
        this.#wait();
        resolve(true);
      });
      this.element.addEventListener("close", () => {
        this.element.remove();
        resolve(false);
      });
    });
  }

  close() {
    this.element.close();
  }

  #wait() {
    this.#confirm.disabled = true;
    this.#cancel.textContent = "Close";
    this.#status.textContent = `${this.#doing} It goes on if you close this.`;
    this.#status.focus();
  }
}
