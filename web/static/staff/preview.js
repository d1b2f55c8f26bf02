// Draws a draft's answers with the chat page's own bubbles, so that an editor sees what a citizen will.

import { citizenBubble, replyBubble } from "/static/chat/bubbles.js";

const log = document.getElementById("log");
for (const one of JSON.parse(log.dataset.replies)) {
  log.appendChild(citizenBubble(one.question));
  log.appendChild(replyBubble(one.reply, "bot", false, () => {}));
}
