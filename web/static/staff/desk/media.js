// Pictures and voices that came with new messages: htmx asks for each again until it is there, or is known not to come.

const NEAR_END = 120; // px

/** @param {Element} lines the conversation */
export function setUpMedia(lines) {
  new MutationObserver((changes) => {
    changes.forEach((change) => {
      change.addedNodes.forEach((node) => {
        if (node.nodeType === Node.ELEMENT_NODE && node.matches("[data-line]") && window.htmx) window.htmx.process(node);
      });
    });
  }).observe(lines, { childList: true });
  // A picture that comes late takes its room then: who was reading the end goes on seeing it ("load" does not bubble).
  lines.addEventListener(
    "load",
    (event) => {
      const left = lines.scrollHeight - lines.scrollTop - lines.clientHeight;
      if (left < event.target.offsetHeight + NEAR_END) lines.scrollTop = lines.scrollHeight;
    },
    true
  );
}
