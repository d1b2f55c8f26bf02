// Writing to the citizen: one id for each message, so that a second click or a lost answer sends nothing twice. What is
// being written stays, with its id, while the agent looks at another conversation or the page is loaded again.

import { post } from "./post.js";

const TYPING_EVERY = 3000;

function recall(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) || {};
  } catch {
    return {};
  }
}

function keep(key, draft) {
  try {
    if (draft.words) sessionStorage.setItem(key, JSON.stringify(draft));
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
  const key = `draft:${path}`;
  // `tried` are the words that may have gone out with the id: the same words go with it again, others are another message.
  let { id = "", tried = "", words: written = "" } = recall(key);
  let told = 0;
  text.value = text.value || written;

  async function send() {
    const whole = text.value;
    const words = whole.trim();
    if (!words || button.disabled) return;
    button.disabled = true;
    problem.textContent = "";
    if (words !== tried) {
      id = newId();
      tried = words;
    }
    keep(key, { words: whole, id, tried });
    try {
      await post(path, { text: words, client_id: id });
      tried = "";
      // What was written on meanwhile stays.
      text.value = text.value.startsWith(whole) ? text.value.slice(whole.length) : text.value;
      keep(key, { words: text.value });
      onSent();
    } catch (error) {
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
    keep(key, { words: text.value, id, tried });
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
