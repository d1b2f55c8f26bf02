// The editor of knowledge: which parts stand open survives a list's button, the focus goes to where something was added,
// and whoever leaves with words that are not saved yet is asked.

const editor = () => document.getElementById("editor");
let open = [];
let unsaved = false;

document.addEventListener("input", (event) => {
  if (editor() && editor().contains(event.target)) unsaved = true;
});

document.addEventListener("submit", () => {
  unsaved = false;
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

document.body.addEventListener("htmx:beforeSwap", () => {
  open = [...document.querySelectorAll("details.section[open]")].map((section) => section.id);
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  unsaved = false;
  for (const id of open) {
    const section = document.getElementById(id);
    if (section) section.open = true;
  }
  if (event.detail.target.id === "content") {
    const added = document.querySelector("[data-here]");
    const fields = added ? added.parentElement.querySelectorAll(".thing:last-of-type input:not([type=hidden]), .thing:last-of-type textarea") : [];
    if (fields.length) fields[0].focus();
    else if (added) added.focus();
  }
  const revision = document.querySelector("#saved input[name=revision]");
  for (const copy of document.querySelectorAll("[data-revision]")) {
    if (revision) copy.value = revision.value;
  }
});
