// The transcript: where bubbles go, time separators, the typing bubble, and what the scroll position does.

import { make } from "./dom.js";
import { sayTime } from "./texts.js";
import { typeAs, typingBubble } from "./bubbles.js";

const GAP = 5 * 60 * 1000; // ms of silence after which the time is shown
const NEAR_END = 60; // px that still count as being at the end

export class Transcript {
  /**
   * @param {HTMLElement} log scrolls and holds the bubbles; its first child, the welcome, stays
   * @param {HTMLButtonElement} jump leads to new messages below
   */
  constructor(log, jump) {
    this._log = log;
    this._jump = jump;
    this._typing = typingBubble();
    this._last = 0;
    this._unseen = 0;
    this._atEnd = true;
    log.addEventListener("scroll", () => {
      this._atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
      if (this._atEnd) this._showUnseen(0);
    });
    jump.addEventListener("click", () => {
      this.scrollToEnd();
      log.focus();
    });
    window.addEventListener("resize", () => this.keepEnd());
  }

  /** Add what this page's citizen just said; always shows it. */
  addOwn(message, moment) {
    this._append(message, moment);
    this.scrollToEnd();
  }

  /** Add what somebody else said: shows its beginning to a citizen at the end, and tells one who reads further up. */
  addOthers(messages, moment) {
    if (!messages.length) return;
    const follow = this._atEnd;
    messages.forEach((message) => this._append(message, moment));
    if (follow) this._scrollTo(messages[0]);
    else this._showUnseen(this._unseen + messages.length);
  }

  /** Put what was said before the page was loaded after the welcome, silently. */
  restore(messages) {
    if (!messages.length) return;
    const next = this._log.firstElementChild.nextElementSibling;
    this._log.setAttribute("aria-live", "off");
    messages.forEach((entry) => this._append(entry.message, entry.moment, next));
    this.scrollToEnd();
    // Once the page has been laid out and read, new messages are announced again.
    setTimeout(() => {
      this.scrollToEnd();
      this._log.setAttribute("aria-live", "polite");
    }, 300);
  }

  showTyping(on, author) {
    typeAs(this._typing, author || "bot");
    this._log.setAttribute("aria-busy", String(on));
    if (!on) {
      if (this._typing.parentNode) this._log.removeChild(this._typing);
      return;
    }
    this._log.appendChild(this._typing);
    this.keepEnd();
  }

  /** Remove all but the welcome. */
  clear() {
    while (this._log.lastElementChild !== this._log.firstElementChild) {
      this._log.removeChild(this._log.lastElementChild);
    }
    this._last = 0;
    this._showUnseen(0);
    this._log.scrollTop = 0;
  }

  scrollToEnd() {
    this._log.scrollTop = this._log.scrollHeight;
    this._atEnd = true;
    this._showUnseen(0);
  }

  /** Stay at the end when the page's layout changes there; the welcome alone is read from its beginning. */
  keepEnd() {
    if (this._atEnd && this._last) this.scrollToEnd();
  }

  _append(message, moment, next) {
    if (Math.abs(moment.getTime() - this._last) > GAP) {
      const time = make("time", { class: "time-line", datetime: moment.toISOString() }, [sayTime(moment, new Date())]);
      this._put(time, next);
    }
    this._last = moment.getTime();
    this._put(message, next);
  }

  _put(element, next) {
    const typing = this._typing.parentNode === this._log ? this._typing : null;
    this._log.insertBefore(element, next || typing);
  }

  /** Scroll to the end, but not past the beginning of this message: long answers are read from the top. */
  _scrollTo(message) {
    const top = message.getBoundingClientRect().top - this._log.getBoundingClientRect().top + this._log.scrollTop - 12;
    this._log.scrollTop = Math.min(top, this._log.scrollHeight);
    this._atEnd = this._log.scrollHeight - this._log.scrollTop - this._log.clientHeight < NEAR_END;
  }

  _showUnseen(count) {
    this._unseen = count;
    this._jump.hidden = count === 0;
    this._jump.textContent = count + " 条新消息 ↓";
  }
}
