// Keeps the live board fresh: hears that something changed, fetches what is shown again, and says when the line is broken.
// While somebody uses a form on the board, it waits, so that nothing is redrawn under their hands.

import { showAfresh } from "./keep-place.js";

const board = document.getElementById("board");
const state = document.getElementById("board-state");
const WITHOUT_NEWS = 30000;
let due = false;
let fetching = false;

function busy() {
  return board.contains(document.activeElement) && document.activeElement.closest("form") !== null;
}

async function redraw() {
  if (fetching || busy()) {
    due = true;
    return;
  }
  fetching = true;
  due = false;
  try {
    const answer = await fetch(board.dataset.source, { headers: { "HX-Request": "true" } });
    if (answer.status === 401) {
      state.textContent = "登录过期了，请重新登录。";
      return;
    }
    if (!answer.ok) {
      throw new Error(String(answer.status));
    }
    showAfresh(board, await answer.text());
    state.textContent = `每有变化就更新，刚才是 ${new Date().toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai" })}。`;
  } catch {
    state.textContent = "连不上服务器，下面是断线前的样子，正在重连。";
  } finally {
    fetching = false;
  }
}

const events = new EventSource(board.dataset.events);
events.addEventListener("changed", redraw);
events.addEventListener("open", redraw);
events.addEventListener("error", () => {
  state.textContent = "连不上服务器，下面是断线前的样子，正在重连。";
});
// Waiting times grow without any news.
setInterval(redraw, WITHOUT_NEWS);
board.addEventListener("focusout", () => setTimeout(() => due && redraw(), 0));
