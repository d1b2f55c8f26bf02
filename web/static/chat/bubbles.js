// Message bubbles: what a reply or a citizen's words look like. Makes elements; where they go is the transcript's.

import { make, makeButton } from "./dom.js";
import { phonesIn, readCard, splitPhones } from "./texts.js";
import { canSpeak, speak, stopSpeaking } from "./speaking.js";

// "- x", "1. x", "(2) x", "一、x", with narrow or wide punctuation.
const ITEM = /^\s*(?:[-·•*]\s|[(\uff08]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[.)\uff09\uff0e、](?!\d))/;
const AUTHORS = {
  bot: { name: "秦问", picture: "/static/chat/avatar-bot.svg" },
  // What we tell unasked: news of a case, a kept promise.
  agent: { name: "人工坐席", picture: "/static/chat/avatar-agent.svg" },
  system: { name: "服务台通知", picture: "/static/chat/avatar-agent.svg" },
  citizen: { name: "我", picture: "/static/chat/avatar-citizen.svg" },
};

/** Make the bubble of what the citizen said. */
export function citizenBubble(text) {
  const bubble = make("div", { class: "bubble" }, [make("p", { class: "line" }, [text])]);
  const tools = make("div", { class: "message-tools" }, [copyButton(text)]);
  return frame("citizen", [bubble, tools]);
}

/**
 * Make the bubble of a reply.
 * @param {{type: string, text: string, choices: Array, sources: Array}} reply
 * @param {string} author "bot", or whoever else wrote it
 * @param {boolean} emergency
 * @param {function(string, string)} onChoice called with value and title
 * @param {function(number, Array<string>): Promise|null} onRate rates the answer; null where there is nothing to rate
 */
export function replyBubble(reply, author, emergency, onChoice, onRate) {
  if (reply.type === "status") return make("p", { class: "status-line" }, withPhones(reply.text, false));
  if (author === "system" && reply.type !== "card") return notice(reply, onChoice);
  const bubble = make("div", { class: "bubble" }, []);
  if (emergency) {
    bubble.appendChild(make("p", { class: "emergency-title" }, ["紧急情况，请先打电话"]));
    addCallButtons(bubble, reply.text);
    bubble.setAttribute("role", "alert");
  }
  if (reply.type === "card") fillCard(bubble, reply.text, emergency);
  else fillLines(bubble, reply.text, emergency);
  if ((reply.choices || []).length) bubble.appendChild(choiceGroup(reply.choices, onChoice));
  const rest = [];
  if ((reply.sources || []).length) rest.push(sourceList(reply.sources));
  const tools = toolsFor(reply);
  rest.push(tools);
  if (onRate) addRating(tools, rest, onRate);
  const message = frame(author, [bubble].concat(rest));
  if (emergency) message.classList.add("emergency");
  return message;
}

/** Make a notice of the desk: who comes, who goes, where it was sent. It is nobody's speech, so it has no bubble. */
function notice(reply, onChoice) {
  const parts = reply.text.split("\n").map((line) => make("p", { class: "status-line" }, withPhones(line, false)));
  if ((reply.choices || []).length) parts.push(choiceGroup(reply.choices, onChoice));
  return make("div", { class: "notice", "data-author": "system" }, parts);
}

/** Say whose the typing bubble is: the bot's, or a person's. */
export function typeAs(bubble, author) {
  bubble.querySelector(".avatar").setAttribute("src", AUTHORS[author].picture);
  bubble.setAttribute("data-author", author);
  bubble.querySelector(".message-body span").textContent = AUTHORS[author].name + "：";
}

/** Make the bubble that moves while an answer is on its way. */
export function typingBubble() {
  const dots = make("div", { class: "bubble typing" }, [make("i", {}, []), make("i", {}, []), make("i", {}, [])]);
  const message = frame("bot", [dots]);
  message.setAttribute("aria-hidden", "true");
  message.id = "typing";
  return message;
}

/**
 * Show under a citizen's bubble how sending goes.
 * @param {Element} message
 * @param {string} state "sent", "sending", "waiting" or "failed"
 * @param {string} words what went wrong
 * @param {function()|null} onRetry
 */
export function showDelivery(message, state, words, onRetry) {
  const body = message.querySelector(".message-body");
  const old = body.querySelector(".delivery");
  if (old) body.removeChild(old);
  message.setAttribute("data-delivery", state);
  if (state === "sent" || state === "sending") return;
  const line = make("p", { class: "delivery" }, [make("span", {}, [words])]);
  if (onRetry) line.appendChild(makeButton("retry", "重试", onRetry, { "aria-label": "重试发送这条消息" }));
  if (state === "failed") line.setAttribute("role", "alert");
  body.appendChild(line);
}

function frame(author, content) {
  const known = AUTHORS[author] || AUTHORS.agent;
  const side = author === "citizen" ? "from-citizen" : "from-bot";
  // Once a person has spoken, each bubble says whose it is; before that there is only the bot.
  const kind = author === "agent" ? "author" : author === "bot" ? "author of-bot" : "for-screen-reader";
  const shown = author === "bot" ? known.name + "（机器人）：" : known.name + "：";
  const name = make("span", { class: kind }, [shown]);
  return make("article", { class: "message " + side, "data-author": author }, [
    make("img", { class: "avatar", src: known.picture, alt: "", width: "40", height: "40" }, []),
    make("div", { class: "message-body" }, [name].concat(content)),
  ]);
}

function fillCard(bubble, text, emergency) {
  const card = readCard(text);
  bubble.classList.add("card");
  bubble.appendChild(make("h2", { class: "card-title" }, [card.title]));
  if (card.lead) fillLines(bubble, card.lead, emergency);
  card.parts.forEach((part, place) => {
    const body = make("div", { class: "part-body" }, []);
    fillLines(body, part.text, emergency);
    const details = make("details", { class: "part" }, [make("summary", {}, [part.title]), body]);
    details.open = place === 0;
    bubble.appendChild(details);
  });
}

function fillLines(parent, text, emergency) {
  text.split("\n").forEach((line) => {
    const item = ITEM.test(line);
    const name = line.trim() === "" ? "line blank" : item ? "line item" : "line";
    parent.appendChild(make("p", { class: name }, withPhones(line, emergency)));
  });
}

function withPhones(text, emergency) {
  return splitPhones(text, emergency).map((piece) =>
    piece.phone ? make("a", { class: "phone", href: "tel:" + piece.text }, [piece.text]) : piece.text
  );
}

function addCallButtons(bubble, text) {
  const numbers = phonesIn(text, true);
  if (!numbers.length) return;
  const links = numbers.map((number) => make("a", { class: "call", href: "tel:" + number }, ["拨打 " + number]));
  bubble.appendChild(make("div", { class: "calls" }, links));
}

function choiceGroup(choices, onChoice) {
  const buttons = choices.map((choice) =>
    makeButton("choice", choice.title, () => onChoice(choice.value, choice.title), {})
  );
  return make("div", { class: "choices", role: "group", "aria-label": "可以选的回答" }, buttons);
}

function sourceList(sources) {
  const titles = sources.map((source) => source.title);
  const once = titles.filter((title, place) => titles.indexOf(title) === place);
  return make(
    "p",
    { class: "sources" },
    once.map((title) => make("span", { class: "source" }, ["来源：" + title]))
  );
}

function toolsFor(reply) {
  const sources = (reply.sources || []).map((source) => "来源：" + source.title);
  const buttons = [copyButton([reply.text].concat(sources).join("\n"))];
  if (canSpeak()) buttons.push(speakButton(reply.text));
  return make("div", { class: "message-tools" }, buttons);
}

/** Two quiet buttons under an answer; after 没用 the reasons, of which one may be pressed. */
function addRating(tools, rest, onRate) {
  const box = make("div", { class: "rating", "aria-live": "polite" }, []);
  const buttons = [
    ["有用", 5],
    ["没用", 2],
  ].map(([title, level]) =>
    makeButton("message-tool", title, () => rate(level, []), { "aria-label": "这条回答" + title, "aria-pressed": "false" })
  );
  buttons.forEach((button) => tools.appendChild(button));
  rest.push(box);

  function rate(level, reasons) {
    buttons.forEach((button) => (button.disabled = true));
    onRate(level, reasons).then(
      (taken) => {
        buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(place === (level > 2 ? 0 : 1))));
        box.textContent = taken.words;
        if (!reasons.length && taken.reasons.length) offer(level, taken.reasons);
        buttons.forEach((button) => (button.disabled = false));
      },
      (problem) => {
        box.textContent = problem.words || "评价没有记下，请再试一次。";
        buttons.forEach((button) => (button.disabled = false));
      }
    );
  }

  function offer(level, reasons) {
    const chosen = reasons.map((reason) => makeButton("choice", reason.title, () => rate(level, [reason.code]), {}));
    box.appendChild(make("div", { class: "choices", role: "group", "aria-label": "哪里没用" }, chosen));
    if (box.scrollIntoView) box.scrollIntoView(false);
  }
}

function speakButton(text) {
  let speaking = false;
  const button = makeButton("message-tool", "朗读", () => {
    if (speaking) {
      stopSpeaking();
      return;
    }
    speak(text, () => show(false));
    show(true);
  });
  function show(on) {
    speaking = on;
    button.textContent = on ? "停止" : "朗读";
  }
  return button;
}

function copyButton(text) {
  const button = makeButton("message-tool", "复制", () => {
    copy(text).then(
      () => say("已复制"),
      () => say("复制不了")
    );
  });
  function say(words) {
    button.textContent = words;
    setTimeout(() => {
      button.textContent = "复制";
    }, 2000);
  }
  return button;
}

function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Plain http has no clipboard API.
  const box = make("textarea", { class: "for-screen-reader", readonly: "" }, []);
  box.value = text;
  document.body.appendChild(box);
  box.select();
  const done = document.execCommand("copy");
  document.body.removeChild(box);
  return done ? Promise.resolve() : Promise.reject(new Error("copy refused"));
}
