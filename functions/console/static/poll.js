// Asks again and again for what a view shows: less often while that fails, and not while nobody looks.

export class Poll {
  #ask;
  #timer = 0;
  #failures = 0;
  #aborter = new AbortController();

  // `ask` is called with whether to say aloud what it finds: what changes by itself is not said.
  constructor(ask) {
    this.#ask = ask;
  }

  get signal() {
    return this.#aborter.signal;
  }

  begin(isSaid = true) {
    this.#ask(isSaid);
  }

  again() {
    this.#ask(false);
  }

  stop() {
    this.#aborter.abort();
    clearTimeout(this.#timer);
  }

  succeeded() {
    this.#failures = 0;
  }

  failed() {
    this.#failures += 1;
  }

  // Ask again after some milliseconds; after failures later, but within the longest wait.
  later(wait, longest = wait) {
    clearTimeout(this.#timer); // somebody may have asked meanwhile
    if (!this.signal.aborted) {
      const after = this.#failures ? Math.min(wait * 2 ** this.#failures, longest) : wait;
      this.#timer = setTimeout(() => (document.hidden ? this.later(wait, longest) : this.again()), after);
    }
  }
}

// Begin at the top of a view, for readers of a screen as well.
export function focusHeading(heading) {
  window.scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}
