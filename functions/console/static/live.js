// A view that asks again and again for what it shows, and says what is wrong if that fails.

import { h, say } from "./dom.js";
import { focusHeading, Poll } from "./poll.js";

export class LiveView {
  context;
  search = "";
  isLoaded = false;
  #poll = null;
  #turn = 0; // of asking: an answer to what was asked before counts no more
  #ticker = 0;
  #scroll = 0;
  #look = () => !document.hidden && this.#poll.again();

  // `live` is how many milliseconds are between two questions, `patient` how many at most while they fail.
  constructor(context, title, { live, patient }) {
    Object.assign(this, { context, title, live, patient });
    this.heading = h("h1", { tabindex: -1 }, title);
    this.fresh = h("span", { class: "fresh" });
    this.trouble = h("div", { class: "trouble", role: "alert" });
  }

  // Begin to show what an address asks for; what is there already stays.
  show(search, { focus }) {
    this.#poll?.stop();
    this.#poll = new Poll((isSaid) => this.#load(isSaid));
    document.addEventListener("visibilitychange", this.#look);
    clearInterval(this.#ticker);
    this.#ticker = setInterval(() => this.tick(), 1_000);
    const isSame = this.isLoaded && search === this.search;
    this.search = search;
    if (!isSame) {
      this.isLoaded = false;
      this.element.setAttribute("aria-busy", "true");
      this.trouble.replaceChildren();
      this.begin();
    }
    this.#poll.begin(!isSame);
    if (isSame && focus) {
      window.scrollTo(0, this.#scroll);
      (this.place() ?? this.heading).focus({ preventScroll: true });
    } else if (focus) {
      focusHeading(this.heading);
    }
  }

  hide() {
    this.#scroll = window.scrollY;
    this.#poll.stop();
    clearInterval(this.#ticker);
    document.removeEventListener("visibilitychange", this.#look);
  }

  // Ask at once, since something was done.
  again() {
    this.#poll.again();
  }

  // What views have of their own: how they begin, what they ask, how they show the answer, and say it in a few words.
  begin() {}
  tick() {}
  place() {
    return null;
  }

  get signal() {
    return this.#poll.signal;
  }

  async #load(isSaid) {
    const { signal } = this.#poll;
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const answer = await this.ask(signal);
      if (signal.aborted || turn !== this.#turn) {
        return;
      }
      this.#poll.succeeded();
      this.isLoaded = true;
      this.element.removeAttribute("aria-busy");
      this.element.classList.remove("is-stale");
      this.trouble.replaceChildren();
      this.draw(answer);
      if (isSaid) {
        say(this.words(answer));
      }
      this.#poll.later(this.live);
    } catch (error) {
      if (turn === this.#turn) {
        this.failed(error, signal);
      }
    }
  }

  failed(error, signal) {
    if (signal.aborted || this.context.endsSession(error)) {
      return;
    }
    this.#poll.failed();
    this.element.removeAttribute("aria-busy");
    this.element.classList.toggle("is-stale", this.isLoaded);
    this.fresh.textContent = "";
    if (!this.isLoaded) {
      this.clear();
    }
    const said = error.status === 404 ? "There is no such thing, or you may not see it." : error.message;
    if (this.trouble.dataset.said !== said || !this.trouble.childElementCount) { // once, not with every attempt
      this.trouble.dataset.said = said;
      const [title, more] = this.isLoaded ? ["No news. ", " What is below may be out of date."] : ["This can't be shown. ", ""];
      this.trouble.replaceChildren(h("p", {}, h("b", {}, title), said, more),
        h("button", { type: "button", click: () => this.#poll.again() }, "Try again"));
    }
    if (error.isPassing) {
      this.#poll.later(this.live, this.patient);
    }
  }
}
