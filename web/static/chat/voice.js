// Voice input, where the browser recognises speech. What was heard goes into the input box; the citizen sends it.

const WORDS = {
  "no-speech": "没听到声音，请再按一下话筒说一遍。",
  "audio-capture": "没找到麦克风，请打字。",
  "not-allowed": "没有麦克风权限。请在浏览器设置里允许，或直接打字。",
  "service-not-allowed": "这个浏览器不让用语音识别，请打字。",
  network: "语音识别连不上网络，请打字。",
};

/**
 * Make the microphone button work; it stays hidden where speech can't be recognised.
 * @param {HTMLButtonElement} button
 * @param {Object} report callbacks: started(), heard(text), ended(words) where words may be empty
 * @returns {function(): boolean} stops listening; true when it was
 */
export function setUpVoice(button, report) {
  const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
  if (!Recognition || !window.isSecureContext) return () => false;
  let listening = null;

  function stop() {
    if (!listening) return false;
    listening.stop();
    return true;
  }

  function listen() {
    const recognition = new Recognition();
    let words = "";
    let heard = false;
    recognition.lang = "zh-CN";
    recognition.interimResults = true;
    recognition.onresult = (event) => {
      const text = Array.from(event.results, (result) => result[0].transcript).join("");
      heard = heard || text !== "";
      report.heard(text);
    };
    recognition.onerror = (event) => {
      words = event.error === "aborted" ? "" : WORDS[event.error] || "没听清，请再说一遍或打字。";
    };
    recognition.onend = () => {
      listening = null;
      show(false);
      report.ended(words || (heard ? "" : "没听清，请再说一遍或打字。"));
    };
    listening = recognition;
    show(true);
    report.started();
    try {
      recognition.start();
    } catch (error) {
      recognition.onend();
    }
  }

  function show(on) {
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-label", on ? "结束语音输入" : "语音输入");
  }

  button.hidden = false;
  button.addEventListener("click", () => stop() || listen());
  return stop;
}
