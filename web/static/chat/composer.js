// The input box: growing, counting, the Enter key, and voice input. Gives a finished text to `onSend`.

import { countCharacters } from "./texts.js";
import { setUpVoice } from "./voice.js";

const LONGEST = 500; // characters; the server refuses more
const COUNT_FROM = 400;
const LISTENING = "正在听，请说话……说完再按一下话筒。";

export class Composer {
  /**
   * @param {Object} parts form, text, note, counter, mic (elements)
   * @param {function(string)} onSend
   * @param {function()} onResize called when the box changed its height
   */
  constructor(parts, onSend, onResize) {
    this._parts = parts;
    this._onSend = onSend;
    this._onResize = onResize;
    this._spoken = "";
    // Touch keyboards have no Shift+Enter, so there Enter makes a new line and the button sends.
    this._enterSends = window.matchMedia("(hover: hover) and (pointer: fine)").matches;
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._submit();
    });
    parts.text.addEventListener("input", () => this._changed());
    parts.text.addEventListener("keydown", (event) => this._pressed(event));
    this.stopListening = setUpVoice(parts.mic, {
      started: () => {
        this._spoken = parts.text.value;
        this.say(LISTENING, true);
      },
      heard: (text) => {
        this._set(this._spoken + text);
        this.say(LISTENING, true);
      },
      ended: (words) => {
        this.say(words);
        // On a touch screen focus would bring the keyboard over what was just heard.
        if (this._enterSends) this.focus();
      },
    });
    this.fit();
  }

  focus() {
    this._parts.text.focus();
  }

  /** Say something about the input, in words; an empty text takes it back. `calm` is for what is no mistake. */
  say(words, calm) {
    this._parts.note.classList.toggle("calm", Boolean(calm));
    if (this._parts.note.textContent !== words) this._parts.note.textContent = words;
  }

  /** Make the box as high as its text, up to what CSS allows. */
  fit() {
    const text = this._parts.text;
    const before = text.style.height;
    text.style.height = "auto";
    // An empty box has the height CSS gives it; its placeholder would count otherwise.
    if (text.value) text.style.height = text.scrollHeight + text.offsetHeight - text.clientHeight + "px";
    if (text.style.height !== before) this._onResize();
  }

  _pressed(event) {
    // While an input method is open, Enter chooses a word; some browsers tell so by key code 229 only.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.ctrlKey || event.altKey || !this._enterSends) return;
    event.preventDefault();
    this._submit();
  }

  _changed() {
    this.say("");
    this._count();
    this.fit();
  }

  _count() {
    const count = countCharacters(this._parts.text.value);
    const over = count > LONGEST;
    this._parts.counter.hidden = count < COUNT_FROM;
    this._parts.counter.textContent = count + " / " + LONGEST + " 字";
    this._parts.counter.classList.toggle("over", over);
    this._parts.text.setAttribute("aria-invalid", String(over));
    return count;
  }

  _submit() {
    const count = this._count();
    if (count === 0) {
      this.say("还没有写字，请先输入您的问题。");
    } else if (count > LONGEST) {
      this.say("最多 " + LONGEST + " 个字，现在是 " + count + " 个字。请删去 " + (count - LONGEST) + " 个字再发。");
    } else {
      const text = this._parts.text.value.trim();
      this.stopListening();
      this._spoken = "";
      this._set("");
      this._onSend(text);
    }
    this.focus();
  }

  _set(text) {
    this._parts.text.value = text;
    this._changed();
  }
}
