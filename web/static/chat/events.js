// The stream of later messages (server-sent events). EventSource can't send the Authorization header, so fetch reads it.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const SILENCE = 45000; // ms; the server says something every 15 s, so a longer silence is a dead connection

/** Splits a byte stream's text into events `{id, data}`. */
export class EventParser {
  constructor() {
    this._rest = "";
  }

  /** Take a piece of text; give the events it completes. */
  take(text) {
    const blocks = (this._rest + text).replace(/\r\n?/g, "\n").split("\n\n");
    this._rest = blocks.pop();
    return blocks.map(parseBlock).filter((event) => event.data !== "");
  }
}

function parseBlock(block) {
  const event = { id: null, name: "message", data: "" };
  const lines = [];
  block.split("\n").forEach((line) => {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") event.id = value;
    if (field === "event") event.name = value;
    if (field === "data") lines.push(value);
  });
  event.data = lines.join("\n");
  return event;
}

export class EventStream {
  /**
   * @param {function(number, AbortSignal): Promise<Response>} open opens the stream after a message id
   * @param {Object} report callbacks: message(object), sign(name, object) for what passes (typing,
   *   a place in the queue), connected(), unknownSession()
   */
  constructor(open, report) {
    this._open = open;
    this._report = report;
    this._stopper = null;
    this._wake = null;
    this._after = 0;
  }

  /** Start, or start anew, after this message id. */
  start(after) {
    this.stop();
    this._after = after;
    this._stopper = new AbortController();
    this._run(this._stopper);
  }

  stop() {
    if (this._stopper) this._stopper.abort();
    this._stopper = null;
    this.hurry();
  }

  /** Connect again at once if it waits for that. */
  hurry() {
    if (this._wake) this._wake();
  }

  async _run(stopper) {
    let wait = FIRST_WAIT;
    while (!stopper.signal.aborted) {
      try {
        await this._read(stopper, () => {
          wait = FIRST_WAIT;
        });
      } catch (error) {
        if (stopper.signal.aborted) return;
        if (error.kind === "session") {
          this._report.unknownSession();
          return;
        }
      }
      if (stopper.signal.aborted) return;
      // Not all at the same moment when a server comes back.
      await this._pause(wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  async _read(stopper, onConnected) {
    const link = new AbortController();
    const cut = () => link.abort();
    stopper.signal.addEventListener("abort", cut);
    let silence = setTimeout(cut, SILENCE);
    try {
      const response = await this._open(this._after, link.signal);
      onConnected();
      this._report.connected();
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const piece = await reader.read();
        if (piece.done || stopper.signal.aborted) return;
        clearTimeout(silence);
        silence = setTimeout(cut, SILENCE);
        parser.take(decoder.decode(piece.value, { stream: true })).forEach((event) => this._hand(event));
      }
    } finally {
      clearTimeout(silence);
      stopper.signal.removeEventListener("abort", cut);
    }
  }

  _hand(event) {
    if (event.id && /^\d+$/.test(event.id)) this._after = Number(event.id);
    let message = null;
    try {
      message = JSON.parse(event.data);
    } catch (error) {
      return; // Not one of ours; the next may be.
    }
    if (event.name === "message") this._report.message(message);
    else this._report.sign(event.name, message);
  }

  _pause(time) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.hurry(), time);
      this._wake = () => {
        clearTimeout(timer);
        this._wake = null;
        resolve();
      };
    });
  }
}
