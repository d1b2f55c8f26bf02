// What the agent starts for the citizen (identity, case, booking): sent once a click, and shown again whenever something is said.

import { newId } from "./composer.js";
import { post } from "./post.js";

/**
 * @param {Element} pane where the forms are shown
 * @param {Element} lines the conversation, whose new messages may have moved a step on
 * @param {function(): void} onSent
 */
export function setUpServices(pane, lines, onSent) {
  let busy = false;
  let stale = false;

  function show() {
    // Before its tab was opened nothing is shown that could be out of date; what somebody types is not taken from them.
    if (!pane.dataset.asked || !window.htmx) return;
    stale = busy || (pane.contains(document.activeElement) && document.activeElement.matches("input, select"));
    if (!stale) window.htmx.trigger(pane, "suggest");
  }

  pane.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation(); // the page's own handler would mark the form as busy for good
    if (busy) return;
    busy = true;
    const form = event.target;
    const button = event.submitter;
    const key = form.elements.client_id;
    key.value = key.value || newId();
    const fields = new FormData(form);
    if (button && button.name) fields.set(button.name, button.value);
    const problem = pane.querySelector("#step-problem");
    if (problem) problem.textContent = "";
    pane.setAttribute("aria-busy", "true");
    try {
      await post((button && button.getAttribute("formaction")) || form.getAttribute("action"), fields);
      onSent();
      busy = false;
      if (button) button.blur();
      window.htmx.trigger(pane, "suggest");
    } catch (error) {
      // The same key again: what was done although its answer was lost is not done a second time.
      const words = error.message.replace("再按一次发送", "再按一次");
      if (problem) problem.textContent = words;
    } finally {
      busy = false;
      pane.removeAttribute("aria-busy");
    }
  });
  pane.addEventListener("focusout", () => setTimeout(() => stale && show(), 0));
  new MutationObserver(show).observe(lines, { childList: true });
}
