// One citizen's conversation on this page: brings outbox, stream of later messages and transcript together.

import { citizenBubble, replyBubble, showDelivery } from "./bubbles.js";
import { EventStream } from "./events.js";
import { newMessageId, Outbox } from "./outbox.js";
import { readTime } from "./texts.js";

const OFFLINE = "网络断开了。消息会先存着，网络恢复后自动发出。";
// Answers of which somebody may say whether they helped.
const RATEABLE = ["answered", "not_found", "refused_out_of_scope"];
const TYPING_EVERY = 3000; // ms
const TYPING_LASTS = 6000;
const UNREACHABLE = "连不上服务器，正在重新连接……消息不会丢。";

export class Conversation {
  /**
   * @param {Api} api
   * @param {Transcript} transcript
   * @param {Object} report callbacks: typing(boolean), connection(words), spoken(texts) for new replies,
   *   person(boolean) whether a person has the conversation, waiting(words) where somebody stands in the queue
   */
  constructor(api, transcript, report) {
    this._api = api;
    this._transcript = transcript;
    this._report = report;
    this._letters = new Map(); // id → letter that this page sent
    this._lastId = 0;
    this._person = false; // whether a person has the conversation
    this._personTypes = 0; // the timer of their typing
    this._told = 0; // when we last said that the citizen types
    this._outbox = new Outbox((text, id) => api.sendMessage(text, id), {
      sending: (letter) => this._sending(letter),
      waiting: (letter) => this._waiting(letter),
      answered: (letter, turn) => this._answered(letter, turn),
      failed: (letter, problem) => this._failed(letter, problem),
    });
    this._stream = new EventStream((after, signal) => api.openEvents(after, signal), {
      message: (message) => this._received(message),
      sign: (name, about) => this._signed(name, about),
      connected: () => {
        this._lost(false);
        this._outbox.hurry();
      },
      unknownSession: () => api.endSession(),
    });
    api.onSession = () => this._stream.start(0);
    window.addEventListener("offline", () => this._lost(true));
    window.addEventListener("online", () => this.reconnect());
    if (navigator.onLine === false) this._lost(true);
  }

  /** Show what was said before and listen for more. Without a session there is nothing yet. */
  async restore() {
    if (!this._api.token) return;
    let messages = [];
    try {
      messages = await this._api.listMessages();
    } catch (problem) {
      if (problem.kind === "session") this._api.endSession();
      else this._lost(true, UNREACHABLE);
    }
    messages.filter((message) => message.direction === "out").forEach((message) => this._heard(message.author));
    // What was sent while this was loading has its bubbles already.
    const earlier = messages.filter((message) => !this._letters.has(message.message_id));
    this._transcript.restore(
      earlier.map((message) => ({ message: this._bubbleOf(message), moment: readTime(message.at) }))
    );
    if (messages.length) this._lastId = messages[messages.length - 1].id;
    if (this._api.token) this._stream.start(this._lastId);
  }

  /** Send a text; the bubble may show other words (a button's title). */
  say(text, shown) {
    const letter = { id: newMessageId(), text, bubble: citizenBubble(shown || text), state: "open", held: [], shown: [] };
    this._letters.set(letter.id, letter);
    this._transcript.addOwn(letter.bubble, new Date());
    this._outbox.add(letter);
    this._showTyping();
  }

  /** The citizen types: a person who has the conversation sees it. */
  typing() {
    if (!this._person || Date.now() - this._told < TYPING_EVERY) return;
    this._told = Date.now();
    this._api.showTyping();
  }

  _signed(name, about) {
    if (name === "holder") {
      this._person = about.holder === "with_agent";
      if (about.holder !== "bot") document.body.classList.add("has-person");
      this._report.person(this._person);
      this._report.waiting(about.text || "");
    }
    if (name !== "typing" || !this._person) return;
    clearTimeout(this._personTypes);
    this._transcript.showTyping(true, "agent");
    this._personTypes = setTimeout(() => this._showTyping(), TYPING_LASTS);
  }

  /** Once a person has spoken, each bubble says whose it is. */
  _heard(author) {
    if (author === "agent" || author === "system") document.body.classList.add("has-person");
    if (author === "agent") {
      clearTimeout(this._personTypes);
      this._showTyping();
    }
  }

  /** The network is back: try everything that waits or failed for want of it. */
  reconnect() {
    this._lost(false);
    this._outbox.hurry();
    this._stream.hurry();
    this._letters.forEach((letter) => {
      if (letter.state === "unreached") this._retry(letter);
    });
  }

  /** End this session on this device and begin with nothing. */
  restart() {
    this._stream.stop();
    this._outbox.clear();
    this._api.endSession();
    this._letters.clear();
    this._lastId = 0;
    this._transcript.clear();
    this._showTyping();
  }

  _sending(letter) {
    letter.state = "open";
    showDelivery(letter.bubble, "sending", "", null);
    this._showTyping();
  }

  _waiting(letter) {
    showDelivery(letter.bubble, "waiting", "网络不通，正在重试……", null);
    this._lost(true, navigator.onLine === false ? OFFLINE : UNREACHABLE);
    // Nobody has it yet, so nobody writes an answer.
    this._transcript.showTyping(false);
    this._report.typing(false);
  }

  _answered(letter, turn) {
    letter.state = "answered";
    this._lost(false);
    showDelivery(letter.bubble, "sent", "", null);
    this._show(turn.replies, turn.author || "bot", turn, letter);
    this._release(letter);
    this._showTyping();
  }

  _failed(letter, problem) {
    letter.state = problem.kind === "connection" ? "unreached" : "failed";
    const retry = problem.kind === "refused" ? null : () => this._retry(letter);
    showDelivery(letter.bubble, "failed", problem.words, retry);
    if (problem.kind === "connection") this._lost(true, "连不上服务器。请检查网络，然后按“重试”。");
    this._release(letter);
    this._showTyping();
    this._transcript.keepEnd();
  }

  _retry(letter) {
    if (letter.state === "open" || letter.state === "answered") return;
    letter.state = "open";
    this._outbox.add(letter);
    this._showTyping();
  }

  _received(message) {
    this._lastId = Math.max(this._lastId, message.id);
    const letter = this._letters.get(message.message_id);
    if (!letter) {
      if (message.direction === "out") this._heard(message.author);
      this._transcript.addOthers([this._bubbleOf(message)], readTime(message.at));
      if (message.direction === "out") this._report.spoken([message.reply.text]);
      return;
    }
    if (message.direction === "in") return;
    letter.held.push(message);
    if (letter.state !== "open") this._release(letter);
  }

  /** Show what the stream brought for a letter of ours, except what the answer to its request showed already. */
  _release(letter) {
    letter.held.splice(0).forEach((message) => {
      const place = letter.shown.indexOf(message.reply.text);
      if (place >= 0) {
        letter.shown.splice(place, 1);
        return;
      }
      if (letter.state !== "answered") {
        // The answer came although its request failed: nothing is left to retry.
        letter.state = "answered";
        showDelivery(letter.bubble, "sent", "", null);
      }
      this._show([message.reply], message.author, message, null);
    });
  }

  /** Show replies; `turn` says of which turn they are, and how it ended. */
  _show(replies, author, turn, letter) {
    if (replies.length) this._heard(author);
    if (letter) letter.shown = letter.shown.concat(replies.map((reply) => reply.text));
    const bubbles = replies.map((reply, place) =>
      this._replyBubble(reply, author, turn, place === replies.length - 1)
    );
    this._transcript.addOthers(bubbles, new Date());
    this._report.spoken(replies.map((reply) => reply.text));
  }

  _bubbleOf(message) {
    if (message.direction === "in") return citizenBubble(message.reply.text);
    return this._replyBubble(message.reply, message.author, message, true);
  }

  _replyBubble(reply, author, turn, last) {
    const rateable = author === "bot" && last && turn.turn && RATEABLE.indexOf(turn.outcome) >= 0;
    const onRate = rateable ? (level, reasons) => this._api.rateTurn(turn.turn, level, reasons) : null;
    return replyBubble(reply, author, turn.outcome === "emergency", (value, title) => this.say(value, title), onRate);
  }

  _showTyping() {
    const open = Array.from(this._letters.values()).some((letter) => letter.state === "open");
    this._transcript.showTyping(open);
    this._report.typing(open);
  }

  _lost(lost, words) {
    if (!lost) this._report.connection("");
    else this._report.connection(words || OFFLINE);
  }
}
