// The citizen API (design §5). Opens a session when one is needed, and turns whatever goes wrong into one Problem.

import { forget, recall, remember } from "./store.js";

const TIMEOUT = 40000; // ms; the hub takes over a turn whose runner died after 30 s

/**
 * What went wrong.
 * kind: "connection" (nobody answered; the same may work in a moment), "later" (the server asks to wait or has a fault),
 * "refused" (the message can't be taken as it is), "session" (the token is unknown).
 */
export class Problem extends Error {
  constructor(kind, words) {
    super(words);
    this.kind = kind;
    this.words = words;
  }
}

export class Api {
  constructor() {
    this.onSession = () => {}; // called whenever a new session was opened
    this._opening = null;
  }

  get token() {
    return recall("token");
  }

  endSession() {
    forget("token");
  }

  /** Send one message; resolves to the finished turn. An unknown session is replaced once, silently. */
  async sendMessage(text, messageId) {
    const body = JSON.stringify({ text, message_id: messageId });
    const post = () => this._request("/api/chat/messages", { method: "POST", body });
    if (!this.token) await this.openSession();
    try {
      return await post();
    } catch (problem) {
      if (problem.kind !== "session") throw problem;
      this.endSession();
      await this.openSession();
      return post();
    }
  }

  /** Rate one answer; resolves to `{words, reasons}`. */
  rateTurn(turn, level, reasons) {
    const body = JSON.stringify({ turn, level, reasons });
    return this._request("/api/chat/ratings", { method: "POST", body });
  }

  /** Resolves to the last messages of this session, oldest first. */
  async listMessages() {
    const answer = await this._request("/api/chat/messages", { method: "GET" });
    return answer.messages;
  }

  /** Resolves to what everybody is to be told now, the newest first. */
  async listBanners() {
    const answer = await this._request("/api/chat/banners", { method: "GET" });
    return answer.banners;
  }

  /** Show the agent that the citizen is typing; nobody minds if it is lost. */
  showTyping() {
    if (this.token) this._request("/api/chat/typing", { method: "POST" }).catch(() => {});
  }

  /** Open the stream of later messages; resolves to a fetch Response. */
  async openEvents(after, signal) {
    const headers = { Authorization: "Bearer " + this.token, Accept: "text/event-stream" };
    headers["Last-Event-ID"] = String(after);
    const response = await fetch("/api/chat/events", { headers, signal, cache: "no-store" });
    if (!response.ok) throw await readProblem(response);
    return response;
  }

  /** Open a session; two callers at the same time get the same one. */
  openSession() {
    if (!this._opening) {
      this._opening = this._request("/api/chat/sessions", { method: "POST" }).then(
        (session) => {
          this._opening = null;
          remember("token", session.token);
          this.onSession();
        },
        (problem) => {
          this._opening = null;
          throw problem;
        }
      );
    }
    return this._opening;
  }

  async _request(address, options) {
    const headers = { "Content-Type": "application/json" };
    if (this.token) headers.Authorization = "Bearer " + this.token;
    const stopper = new AbortController();
    const timer = setTimeout(() => stopper.abort(), TIMEOUT);
    try {
      const response = await fetch(
        address,
        Object.assign({ headers, signal: stopper.signal, cache: "no-store" }, options)
      );
      if (!response.ok) throw await readProblem(response);
      return await response.json();
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem("connection", "没发出去：网络连不上。");
    } finally {
      clearTimeout(timer);
    }
  }
}

async function readProblem(response) {
  let error = null;
  try {
    error = (await response.json()).error;
  } catch (notJson) {
    // A proxy in front of us answered; its page says nothing to a citizen.
  }
  if (!error || !error.message) {
    if (response.status >= 500) return new Problem("connection", "没发出去：服务器暂时连不上。");
    return new Problem("refused", "没发出去：服务器没有接受这条消息（" + response.status + "）。");
  }
  if (response.status === 401) return new Problem("session", error.message);
  if (response.status === 429 || response.status >= 500) return new Problem("later", error.message);
  return new Problem("refused", error.message);
}
