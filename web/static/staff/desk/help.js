// The right side: suggestions when their tab opens, one-click sending, more facts in the closing form.

import { newId, propose } from "./composer.js";
import { post } from "./post.js";

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
    if (button.dataset.send !== undefined) await sendOnce(button, handling, onSent);
  });
}

async function sendOnce(button, handling, onSent) {
  if (button.disabled) return;
  button.disabled = true;
  button.dataset.id = button.dataset.id || newId();
  const words = button.textContent;
  try {
    const fields = JSON.parse(button.dataset.send);
    await post(`/desk/handlings/${handling}/${fields.way}`, { ...fields, client_id: button.dataset.id });
    button.textContent = "已发送";
    const entry = document.getElementById("entry-used");
    if (entry && fields.entry && !entry.value) entry.value = fields.entry;
    onSent();
  } catch (error) {
    button.textContent = words;
    button.disabled = false;
    const problem = document.getElementById("send-problem");
    if (problem) problem.textContent = error.message;
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
