// Writing to the citizen: one id for each message, so that a second click or a lost answer sends nothing twice. What is
// being written stays while the agent looks at another conversation or the page is loaded again; signing out forgets it.

import { post } from "./post.js";

const TYPING_EVERY = 3000;

function recall(key) {
  try {
    return sessionStorage.getItem(key) || "";
  } catch {
    return "";
  }
}

function keep(key, words) {
  try {
    if (words) sessionStorage.setItem(key, words);
    else sessionStorage.removeItem(key);
  } catch {
    // Not kept.
  }
}

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
  const draft = `draft:${path}`;
  let id = newId();
  let told = 0;
  text.value = text.value || recall(draft);

  async function send() {
    const words = text.value.trim();
    if (!words || button.disabled) return;
    button.disabled = true;
    problem.textContent = "";
    try {
      await post(path, { text: words, client_id: id });
      id = newId();
      text.value = "";
      keep(draft, "");
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
    keep(draft, text.value);
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
  text.dispatchEvent(new Event("input"));
  text.focus();
}

export { newId };
