// The agent's screen: brings the stream, the lists, the open conversation, alerts and shortcuts together.

import { showAfresh } from "../keep-place.js";
import { alertAgent } from "./alerts.js";
import { setUpComposer } from "./composer.js";
import { setUpHelp } from "./help.js";
import { setUpKeys } from "./keys.js";
import { listen } from "./live.js";
import { setUpMedia } from "./media.js";
import { post } from "./post.js";
import { setUpServices } from "./services.js";

const BEAT = 20000; // ms; the server takes an agent as gone after 75 s without
const CALM = 600; // ms that changes are gathered before the lists are fetched again
const TYPING = 6000;

const screen = document.getElementById("desk");
const lists = document.getElementById("lists");
const linesBox = document.getElementById("lines");
const opened = screen.dataset.open;
const middle = document.querySelector(".desk-middle");
let tab = screen.dataset.tab;
let waiting = 0;
let fetching = null;
let typingTimer = 0;

function showTab(name) {
  tab = name;
  lists.querySelectorAll("[data-rows]").forEach((rows) => {
    rows.hidden = rows.dataset.rows !== name;
  });
  lists.querySelectorAll("[data-tab]").forEach((link) => {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
}

async function fetchText(path) {
  const answer = await fetch(path, { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

/** A list that is replaced between the pressing and the letting go of a button would lose the click. */
function inHand() {
  return lists.matches(":active") || lists.querySelector(".is-busy") !== null;
}

function refreshLists() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    try {
      const fresh = await fetchText(`/desk/lists?tab=${tab}&open=${opened}`);
      if (inHand()) {
        refreshLists();
        return;
      }
      showAfresh(lists, fresh);
    } catch {
      // The next change, or the reconnecting stream, fetches them.
    }
  }, CALM);
}

function atEnd() {
  return linesBox.scrollHeight - linesBox.scrollTop - linesBox.clientHeight < 80;
}

/** Fetch what was said since; one fetch at a time, so that nothing is shown twice. */
async function refreshLines() {
  if (!linesBox) return;
  if (fetching) {
    fetching.again = true;
    return;
  }
  fetching = { again: false };
  try {
    do {
      fetching.again = false;
      const stay = !atEnd();
      const shown = await fetchText(`/desk/handlings/${opened}/lines?after=${linesBox.dataset.last}`);
      const holder = document.createElement("template");
      holder.innerHTML = shown;
      const fresh = Array.from(holder.content.querySelectorAll("[data-line]"));
      if (fresh.length) {
        linesBox.dataset.last = fresh[fresh.length - 1].dataset.line;
        const seen = document.querySelector('#close [name="seen"]');
        if (seen) seen.value = linesBox.dataset.last;
        if (fresh.some((line) => line.dataset.author === "citizen")) {
          showTyping(false);
          suggest();
        }
        linesBox.append(holder.content);
        if (!stay) linesBox.scrollTop = linesBox.scrollHeight;
      }
    } while (fetching.again);
  } catch {
    // The stream says that the connection is gone; reconnected, it comes here again.
  } finally {
    fetching = null;
  }
}

function showTyping(on) {
  const line = document.getElementById("typing");
  if (!line) return;
  line.hidden = !on;
  clearTimeout(typingTimer);
  if (on) typingTimer = setTimeout(() => showTyping(false), TYPING);
}

function suggest() {
  const found = document.getElementById("found");
  if (found && window.htmx) window.htmx.trigger(found, "suggest");
}

function changed(event) {
  if (event.shown) {
    refreshLists();
    return;
  }
  const here = event.handling && event.handling === opened;
  if (event.kind === "queued" || (event.kind === "message" && event.mine && !here) || event.kind === "invited") alertAgent();
  if (event.kind === "message" && here) {
    refreshLines();
    if (document.hidden) alertAgent();
  }
  const moved = here && ["moved", "closed", "left", "taken_over", "claimed", "joined"].includes(event.kind);
  if (moved && !document.querySelector(".is-busy")) {
    // Who holds it has changed: the buttons that stand there are not right any more.
    window.location.reload();
    return;
  }
  refreshLists();
}

function setUpPresence() {
  const form = document.getElementById("presence");
  const choice = form.querySelector("select");
  const send = async () => {
    try {
      await post("/desk/presence", { presence: choice.value });
      choice.dataset.now = choice.value;
    } catch (error) {
      choice.value = choice.dataset.now;
      state(error.message, false);
    }
  };
  choice.addEventListener("change", send);
  // Chosen before this script was there.
  if (choice.value !== choice.dataset.now) send();
  const beat = async () => {
    try {
      const answer = await post("/desk/beat", {});
      if (!answer.there && choice.value !== "offline") choice.value = choice.dataset.now = "offline";
    } catch {
      // The stream tells what is wrong.
    }
  };
  setInterval(beat, BEAT);
  beat();
}

function state(words, connected) {
  const link = document.getElementById("link");
  link.textContent = words;
  link.classList.toggle("is-lost", !connected);
}

document.documentElement.classList.add("scripted");
lists.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-tab]");
  if (!link) return;
  event.preventDefault();
  showTab(link.dataset.tab);
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  // A second click on a button whose answer is on its way does nothing.
  if (event.target.classList.contains("is-busy")) event.preventDefault();
  event.target.classList.add("is-busy");
});
setUpPresence();
setUpKeys(showTab);
if (linesBox) linesBox.scrollTop = linesBox.scrollHeight;
const composer = document.getElementById("composer");
if (composer) setUpComposer(composer, refreshLines);
if (middle) setUpHelp(opened, refreshLines);
if (linesBox) setUpMedia(linesBox);
const services = document.getElementById("services");
if (services) setUpServices(services, linesBox, refreshLines);
listen(Number(screen.dataset.last), {
  changed,
  typing: (event) => {
    if (event.handling === opened) showTyping(true);
  },
  state: (words, connected) => {
    state(words, connected);
    if (connected) {
      refreshLists();
      refreshLines();
    }
  },
});
