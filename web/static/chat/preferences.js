// What a citizen sets for themselves and the page remembers: the size of type, and reading new answers aloud.

import { recall, remember } from "./store.js";
import { canSpeak, stopSpeaking } from "./speaking.js";

const SIZES = [
  { name: "standard", words: "标准", label: "字号" },
  { name: "large", words: "大", label: "大字" },
  { name: "largest", words: "特大", label: "特大字" },
];

/** Make the type-size button work: each press takes the next of three sizes. */
export function setUpFontSize(button, onChange) {
  function apply(place) {
    const size = SIZES[place];
    document.documentElement.setAttribute("data-font-size", size.name);
    button.textContent = size.label;
    button.setAttribute("aria-label", "字号，现在是" + size.words + "，按一下换成" + SIZES[(place + 1) % 3].words);
    onChange();
  }
  let place = Math.max(0, SIZES.map((size) => size.name).indexOf(recall("font-size")));
  apply(place);
  button.addEventListener("click", () => {
    place = (place + 1) % SIZES.length;
    remember("font-size", SIZES[place].name);
    apply(place);
  });
}

/** Make the read-aloud switch work; gives a function that tells whether it is on. */
export function setUpReadAloud(button) {
  if (!canSpeak()) return () => false;
  let on = recall("read-aloud") === "on";
  function apply() {
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-label", "自动朗读新回答");
    button.textContent = on ? "朗读✓" : "朗读";
  }
  button.hidden = false;
  apply();
  button.addEventListener("click", () => {
    on = !on;
    remember("read-aloud", on ? "on" : "off");
    if (!on) stopSpeaking();
    apply();
  });
  return () => on;
}
