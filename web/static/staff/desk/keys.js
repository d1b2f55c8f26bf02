// Keyboard shortcuts of the agent's screen; the list is shown with "?". None works while somebody writes.

const TABS = { 1: "queue", 2: "mine", 3: "waiting", 4: "closed" };
const PANES = { b: "brief", "/": "knowledge", m: "macros", s: "services", t: "transfer", e: "close" };

function writes(target) {
  return target.closest("input, textarea, select, [contenteditable]");
}

function visibleRows() {
  return Array.from(document.querySelectorAll(".desk-rows:not([hidden]) a[data-handling]"));
}

function step(by) {
  const rows = visibleRows();
  const here = rows.findIndex((row) => row === document.activeElement || row.closest(".is-open"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, here + by))];
  if (next) next.focus();
}

/** @param {function(string): void} showTab */
export function setUpKeys(showTab) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && writes(event.target)) {
      event.target.blur();
      return;
    }
    if (writes(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (press(event.key, showTab)) event.preventDefault();
  });
}

function press(key, showTab) {
  if (key === "?") return click("#keys-button");
  if (TABS[key]) {
    showTab(TABS[key]);
    return true;
  }
  if (key === "j" || key === "k") {
    step(key === "j" ? 1 : -1);
    return true;
  }
  if (key === "n") return click('[data-rows="queue"] [data-claim]');
  if (key === "r") return focus("#reply");
  if (PANES[key]) {
    if (!click(`#tab-${PANES[key]}`)) return false;
    const pane = document.getElementById(`pane-${PANES[key]}`);
    const first = pane.querySelector("input:not([type=hidden]), select, textarea");
    if (first && key !== "b") first.focus();
    return true;
  }
  return false;
}

function click(selector) {
  const found = document.querySelector(selector);
  if (found) found.click();
  return Boolean(found);
}

function focus(selector) {
  const found = document.querySelector(selector);
  if (found) found.focus();
  return Boolean(found);
}
