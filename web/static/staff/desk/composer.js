// Writing to the citizen: one id for each message, so that a second click or a lost answer sends nothing twice.

import { post } from "./post.js";

const TYPING_EVERY = 3000;

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {HTMLFormElement} form
 * @param {function(): void} onSent
 */
export function setUpComposer(form, onSent) {
  const text = form.querySelector("textarea");
  const button = form.querySelector("#send");
  const problem = form.querySelector("#send-problem");
  const path = form.getAttribute("action");
  let id = newId();
  let told = 0;

  async function send() {
    const words = text.value.trim();
    if (!words || button.disabled) return;
    button.disabled = true;
    problem.textContent = "";
    try {
      await post(path, { text: words, client_id: id });
      id = newId();
      text.value = "";
      onSent();
    } catch (error) {
      // The same id again: what went out although its answer was lost is not sent a second time.
      problem.textContent = error.message;
    } finally {
      button.disabled = false;
      text.focus();
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
  text.addEventListener("input", () => {
    if (Date.now() - told < TYPING_EVERY || !text.value) return;
    told = Date.now();
    post(path.replace(/messages$/, "typing"), {}).catch(() => {});
  });
}

/** Put words where the agent writes, for them to look at first. */
export function propose(words) {
  const text = document.getElementById("reply");
  if (!text) return;
  text.value = text.value ? `${text.value}\n${words}` : words;
  text.focus();
}

export { newId };
