// Shows a part of a page afresh without taking the place from somebody who goes through it with the keyboard or a screen reader.

const STOPS = "a[href], button, input:not([type=hidden]), select, textarea";

/** What an element is known by in the old part and in the new one: the conversation, the link, or where its form goes. */
function nameOf(one) {
  const form = one.closest("form");
  return [one.tagName, one.name, one.dataset.handling || one.getAttribute("href") || (form && form.getAttribute("action"))].join(" ");
}

function namesakes(part, name) {
  return [...part.querySelectorAll(STOPS)].filter((one) => nameOf(one) === name);
}

function focusPart(part) {
  part.tabIndex = -1;
  part.addEventListener("blur", () => part.removeAttribute("tabindex"), { once: true });
  part.focus({ preventScroll: true });
}

/**
 * Replace what stands in a part. The focus goes to the same thing in the new one; where that is gone, to the part itself.
 *
 * @param {Element} part
 * @param {string} fresh HTML of ours
 */
export function showAfresh(part, fresh) {
  const here = document.activeElement;
  if (here === part || !part.contains(here)) {
    part.innerHTML = fresh;
    return;
  }
  const name = nameOf(here);
  const place = namesakes(part, name).indexOf(here);
  part.innerHTML = fresh;
  const again = namesakes(part, name)[place];
  if (again) again.focus({ preventScroll: true });
  if (!again || document.activeElement !== again) focusPart(part);
}
