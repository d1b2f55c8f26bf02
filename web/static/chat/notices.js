// What everybody is told at the top of the page for a time (an outage, a changed office hour): asked for at the start, every
// minute while the page is looked at, and when somebody comes back to it.

const AGAIN_AFTER = 60000;

export function watchNotices(place, list, changed) {
  let shown = "";

  async function look() {
    if (document.hidden) return;
    let banners = [];
    try {
      banners = await list();
    } catch (problem) {
      return; // What is shown stays; the next look may find the server again.
    }
    const texts = banners.map((banner) => banner.text);
    if (texts.join("\n") === shown) return;
    shown = texts.join("\n");
    place.textContent = "";
    texts.forEach((text) => place.appendChild(line(text)));
    place.hidden = texts.length === 0;
    changed();
  }

  look();
  setInterval(look, AGAIN_AFTER);
  document.addEventListener("visibilitychange", look);
}

function line(text) {
  const shown = document.createElement("p");
  shown.className = "notice";
  shown.textContent = text;
  return shown;
}
