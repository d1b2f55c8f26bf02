/* Runs only where modules are unknown, so it is written in ES5. */
(function () {
  var sentence = document.getElementById("old-browser");
  if (sentence) {
    sentence.removeAttribute("hidden");
    sentence.style.display = "block";
  }
})();
