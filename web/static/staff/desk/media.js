// Pictures and voices that came with new messages: htmx asks for each again until it is there, or is known not to come.

/** @param {Element} lines the conversation */
export function setUpMedia(lines) {
  new MutationObserver((changes) => {
    changes.forEach((change) => {
      change.addedNodes.forEach((node) => {
        if (node.nodeType === Node.ELEMENT_NODE && node.matches("[data-line]") && window.htmx) window.htmx.process(node);
      });
    });
  }).observe(lines, { childList: true });
}
