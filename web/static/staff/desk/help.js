// The right side: suggestions when their tab opens, one-click sending, more facts in the closing form.

import { newId, propose } from "./composer.js";
import { post } from "./post.js";

// What was sent from this page, or is on its way: its content → the message's id, and "sending", "sent" or "failed".
const sends = new Map();
const AGAIN = 10000; // ms; then a common phrase may be said once more

/**
 * @param {string} handling
 * @param {function(): void} onSent
 */
export function setUpHelp(handling, onSent) {
  const side = document.querySelector(".desk-side");
  side.addEventListener("shown.bs.tab", (event) => {
    const pane = document.querySelector(event.target.dataset.bsTarget);
    const lazy = pane.querySelector('[hx-trigger="suggest"]');
    if (lazy && !lazy.dataset.asked && window.htmx) {
      lazy.dataset.asked = "yes";
      window.htmx.trigger(lazy, "suggest");
    }
  });
  side.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.propose !== undefined) propose(button.dataset.propose);
    if (button.dataset.addFact !== undefined) addFact(button);
    if (button.dataset.send !== undefined) await sendOnce(button, side, handling, onSent);
  });
  side.addEventListener("htmx:afterSwap", () => mark(side));
}

/** Show of each button with the same content how its sending stands; the list may have been fetched afresh meanwhile. */
function mark(side) {
  for (const button of side.querySelectorAll("button[data-send]")) {
    const one = sends.get(button.dataset.send);
    if (!one) continue;
    button.disabled = one.state !== "failed";
    if (one.state === "sent") button.textContent = "已发送";
  }
}

function offerAgain(side, content) {
  const { label } = sends.get(content);
  sends.delete(content);
  for (const button of side.querySelectorAll("button[data-send]")) {
    if (button.dataset.send !== content) continue;
    button.disabled = false;
    button.textContent = label;
  }
}

async function sendOnce(button, side, handling, onSent) {
  const content = button.dataset.send;
  const one = sends.get(content) || { id: newId(), state: "failed", label: button.textContent };
  if (one.state !== "failed") return;
  sends.set(content, one);
  one.state = "sending";
  mark(side);
  try {
    const fields = JSON.parse(content);
    await post(`/desk/handlings/${handling}/${fields.way}`, { ...fields, client_id: one.id });
    one.state = "sent";
    if (fields.way === "messages") setTimeout(() => offerAgain(side, content), AGAIN);
    const entry = document.getElementById("entry-used");
    if (entry && fields.entry && !entry.value) entry.value = fields.entry;
    onSent();
  } catch (error) {
    // The same id again: what went out although its answer was lost is not sent a second time.
    one.state = "failed";
    const problem = document.getElementById("send-problem");
    if (problem) problem.textContent = error.message;
  } finally {
    mark(side);
  }
}

function addFact(button) {
  const facts = document.querySelectorAll(".fact");
  const copy = facts[facts.length - 1].cloneNode(true);
  copy.querySelectorAll("[id]").forEach((field) => {
    field.id = field.id.replace(/\d+$/, String(facts.length));
    if (field.tagName === "INPUT") field.value = "";
  });
  copy.querySelectorAll("label").forEach((label) => {
    label.htmlFor = label.htmlFor.replace(/\d+$/, String(facts.length));
    label.textContent = label.textContent.replace(/\d+/, String(facts.length + 1));
  });
  button.before(copy);
  copy.querySelector("input").focus();
}
