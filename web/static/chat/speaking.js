// Reading aloud with the browser's own voices, one text at a time.

const LONGEST = 120; // characters; some engines fall silent in the middle of longer utterances
const engine = window.speechSynthesis;
let current = null; // {onEnd} of what is being read

export function canSpeak() {
  return Boolean(engine && window.SpeechSynthesisUtterance);
}

/** Read a text aloud; `onEnd` is called once, when it is over or was stopped. */
export function speak(text, onEnd) {
  stopSpeaking();
  const reading = { onEnd };
  current = reading;
  const pieces = splitForSpeech(text);
  const voice = chineseVoice();
  pieces.forEach((piece, place) => {
    const utterance = new window.SpeechSynthesisUtterance(piece);
    utterance.lang = "zh-CN";
    if (voice) utterance.voice = voice;
    const end = () => finish(reading);
    utterance.onerror = end;
    if (place === pieces.length - 1) utterance.onend = end;
    engine.speak(utterance);
  });
  if (!pieces.length) finish(reading);
}

export function stopSpeaking() {
  if (!canSpeak()) return;
  const reading = current;
  engine.cancel();
  if (reading) finish(reading);
}

/** Cut a text into sentences short enough for every engine, without the signs that sound odd. */
export function splitForSpeech(text) {
  const sentences = text.replace(/[【】]/g, "。").match(/[^。!?;\uff01\uff1f\uff1b\n]+[。!?;\uff01\uff1f\uff1b\n]*/g) || [];
  const pieces = [];
  sentences.forEach((sentence) => {
    const words = sentence.trim();
    if (!/[\w\u4e00-\u9fff]/.test(words)) return;
    for (let from = 0; from < words.length; from += LONGEST) pieces.push(words.slice(from, from + LONGEST));
  });
  return pieces;
}

function finish(reading) {
  if (current !== reading) return;
  current = null;
  reading.onEnd();
}

function chineseVoice() {
  const voices = engine.getVoices().filter((voice) => /^zh([-_]CN|[-_]Hans|$)/i.test(voice.lang));
  return voices.filter((voice) => voice.localService)[0] || voices[0] || null;
}
