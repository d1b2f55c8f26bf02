// What every page of the console does: the form token for htmx, faults of htmx requests in words, a fresh token when
// somebody has signed in again in another window. The questions before what can't be undone are in ask-first.js.

const token = document.querySelector('meta[name="csrf-token"]');
const live = document.getElementById("live");

function say(text) {
  const words = document.createElement("p");
  words.className = "alert alert-danger";
  words.textContent = text;
  live.replaceChildren(words);
}

document.body.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = token.content;
});

document.body.addEventListener("htmx:responseError", (event) => {
  const shown = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector(".alert");
  say(shown ? shown.textContent : "这一步没有做成，请稍后再试。");
});

document.body.addEventListener("htmx:sendError", () => {
  say("连不上服务器，页面上填的内容还在。请检查网络后再试。");
});

// What this window remembers (searches, words that were being written) is for who wrote it and no-one else.
const member = document.body.dataset.member;
if (member && sessionStorage.getItem("member") !== member) {
  sessionStorage.clear();
  sessionStorage.setItem("member", member);
}
document.querySelector('form[action="/logout"]')?.addEventListener("submit", () => sessionStorage.clear());

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) {
    window.print();
  }
});

async function refreshToken() {
  try {
    const answer = await fetch("/account/form-token", { redirect: "manual", headers: { Accept: "application/json" } });
    if (!answer.ok) {
      return;
    }
    token.content = await answer.text();
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) {
      field.value = token.content;
    }
  } catch {
    // No network now: the token stays as it is, and a request will say what is wrong.
  }
}

if (document.body.classList.contains("framed")) {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      refreshToken();
    }
  });
}

// The menu is longer than a low window: show the entry that one is at.
document.querySelector('.side a[aria-current="page"]')?.scrollIntoView({ block: "nearest" });

// A list is found again as it was left: links back to it carry the search and the page that were last seen in this window.
if (document.querySelector("main form.filters[method=get]")) {
  sessionStorage.setItem(`list:${location.pathname}`, location.search);
}
for (const link of document.querySelectorAll("main a[href]:not([href*='?'], [href*='#'], .btn-link)")) {
  const search = sessionStorage.getItem(`list:${link.pathname}`);
  if (search && link.origin === location.origin && link.pathname !== location.pathname) {
    link.search = search;
  }
}

// After a form was refused, the reader and the keyboard start at what is wrong.
const problem = document.getElementById("problem");
if (problem && !document.querySelector("[autofocus]")) {
  problem.tabIndex = -1;
  problem.focus();
}
