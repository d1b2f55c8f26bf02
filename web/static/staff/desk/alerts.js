// Tells an agent who looks elsewhere: a number in the title, and a short sound where they want one.

const title = document.title;
const box = document.getElementById("sound");
let sound = null;
let unseen = 0;

function remembered() {
  try {
    return localStorage.getItem("desk-sound") === "on";
  } catch {
    return false;
  }
}

if (box) {
  box.checked = remembered();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem("desk-sound", box.checked ? "on" : "off");
    } catch {
      // Not remembered, but on for now.
    }
    if (box.checked) ring();
  });
}

function ring() {
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!Context) return;
  sound = sound || new Context();
  if (sound.state === "suspended") sound.resume();
  [0, 0.18].forEach((delay, place) => {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = place ? 880 : 660;
    volume.gain.setValueAtTime(0.15, sound.currentTime + delay);
    volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + delay + 0.16);
    tone.connect(volume).connect(sound.destination);
    tone.start(sound.currentTime + delay);
    tone.stop(sound.currentTime + delay + 0.17);
  });
}

/** Say that somebody waits or wrote. */
export function alertAgent() {
  if (box && box.checked) ring();
  if (!document.hidden) return;
  unseen += 1;
  document.title = `（${unseen}）${title}`;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  document.title = title;
});
