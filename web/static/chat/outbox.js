// The outbox: sends letters one at a time, in order. A letter keeps its id through every try, so the server does
// nothing twice. Knows nothing of the page: it reports through callbacks.

const WAITS = [1000, 2000, 4000, 8000, 15000]; // ms between tries when nobody answers

export class Outbox {
  /**
   * @param {function(string, string): Promise<Object>} send text and id to a finished turn
   * @param {Object} report callbacks: sending(letter), waiting(letter), answered(letter, turn), failed(letter, problem)
   */
  constructor(send, report) {
    this._send = send;
    this._report = report;
    this._queue = [];
    this._running = false;
    this._wake = null;
    this._dropped = new Set();
  }

  /** Put a letter `{id, text}` at the end. */
  add(letter) {
    this._dropped.delete(letter);
    this._queue.push(letter);
    this._run();
  }

  /** Try again at once if a letter waits for its next try. */
  hurry() {
    if (this._wake) this._wake();
  }

  /** Forget everything; an answer that still comes is ignored. */
  clear() {
    if (this._running && this._queue.length) this._dropped.add(this._queue[0]);
    this._queue = [];
    this.hurry();
  }

  async _run() {
    if (this._running) return;
    this._running = true;
    while (this._queue.length) {
      const letter = this._queue[0];
      try {
        const turn = await this._deliver(letter);
        this._take(letter, () => this._report.answered(letter, turn));
      } catch (problem) {
        this._take(letter, () => this._fail(letter, problem));
      }
    }
    this._running = false;
  }

  _take(letter, report) {
    if (this._dropped.delete(letter)) return;
    this._queue.shift();
    report();
  }

  _fail(letter, problem) {
    this._report.failed(letter, problem);
    // Where one letter finds nobody, the next ones would only wait for as long again.
    if (problem.kind === "connection") {
      this._queue.splice(0).forEach((other) => this._report.failed(other, problem));
    }
  }

  async _deliver(letter) {
    for (let tries = 0; ; tries += 1) {
      this._report.sending(letter);
      try {
        return await this._send(letter.text, letter.id);
      } catch (problem) {
        if (problem.kind !== "connection" || tries >= WAITS.length || this._dropped.has(letter)) throw problem;
        this._report.waiting(letter);
        await this._pause(WAITS[tries]);
        if (this._dropped.has(letter)) throw problem;
      }
    }
  }

  _pause(time) {
    return new Promise((resolve) => {
      const timer = setTimeout(finish, time);
      const outbox = this;
      function finish() {
        clearTimeout(timer);
        outbox._wake = null;
        resolve();
      }
      this._wake = finish;
    });
  }
}

/** Make a message id: 32 hexadecimal digits. `crypto.randomUUID` is missing on plain http. */
export function newMessageId() {
  const bytes = window.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => ("0" + byte.toString(16)).slice(-2)).join("");
}
