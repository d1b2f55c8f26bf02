// The page's start: finds the elements and connects them.

import { Api } from "./api.js";
import { takeArrival } from "./arrival.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { watchNotices } from "./notices.js";
import { setUpFontSize, setUpReadAloud } from "./preferences.js";
import { speak, stopSpeaking } from "./speaking.js";
import { Transcript } from "./transcript.js";

const IDLE_STATUS = "政务服务助手";
const PERSON_STATUS = "人工坐席正在为您服务";
const TYPING_STATUS = "对方正在输入…";
const TITLE = document.title;

const log = byId("log");
const banner = byId("banner");
const status = byId("status");
const topics = byId("topics");
const topicsToggle = byId("topics-toggle");
const transcript = new Transcript(log, byId("jump"));
const place = byId("waiting");
let composer = null;
let served = false;
setUpFontSize(byId("font-size"), () => {
  if (composer) composer.fit();
  transcript.keepEnd();
});
const readsAloud = setUpReadAloud(byId("read-aloud"));

const api = new Api();
const conversation = new Conversation(api, transcript, {
  typing: (on) => {
    status.textContent = on && !served ? TYPING_STATUS : served ? PERSON_STATUS : IDLE_STATUS;
  },
  person: (on) => {
    served = on;
    status.textContent = on ? PERSON_STATUS : IDLE_STATUS;
  },
  waiting: (words) => {
    if (place.textContent !== words) place.textContent = words;
    place.hidden = words === "";
    transcript.keepEnd();
  },
  connection: (words) => {
    if (banner.textContent !== words) banner.textContent = words;
    banner.hidden = words === "";
    transcript.keepEnd();
  },
  spoken: (texts) => {
    if (document.hidden) document.title = "【新消息】" + TITLE;
    if (readsAloud()) speak(texts.join("\n"), () => {});
  },
});

composer = new Composer(
  { form: byId("composer"), text: byId("composer-text"), note: byId("composer-note"), counter: byId("counter"), mic: byId("mic") },
  (text) => conversation.say(text),
  () => transcript.keepEnd()
);

byId("composer-text").addEventListener("input", () => conversation.typing());

function showTopics(on) {
  topics.hidden = !on;
  topicsToggle.setAttribute("aria-expanded", String(on));
  transcript.keepEnd();
}

topicsToggle.addEventListener("click", () => showTopics(topics.hidden));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (!button) return;
  if (topics.contains(button)) {
    showTopics(false);
    topicsToggle.focus();
  }
  conversation.say(button.getAttribute("data-ask"));
});

// Esc takes back one thing at a time: the listening, the reading, the open panel; then it leads to the input box.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  stopSpeaking();
  if (composer.stopListening()) return;
  if (!topics.hidden) {
    showTopics(false);
    topicsToggle.focus();
    return;
  }
  composer.focus();
});

byId("restart").addEventListener("click", () => {
  if (!window.confirm("开始新会话？这台设备上将不再显示以前的对话。")) return;
  stopSpeaking();
  conversation.restart();
  composer.focus();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.title = TITLE;
});
window.addEventListener("pagehide", stopSpeaking);

document.documentElement.classList.add("ready");
if (takeArrival() === "anonymous") {
  banner.textContent = "没认出您的微信，公众号里说过的话这里看不到；照样可以问。";
  banner.hidden = false;
}
conversation.restore();
watchNotices(byId("notices"), () => api.listBanners(), () => transcript.keepEnd());
