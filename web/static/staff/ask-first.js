// A question before a button that can't be undone. Loaded before the page is shown: a quick click must not come first.

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});
