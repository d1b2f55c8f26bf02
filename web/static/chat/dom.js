// Making elements. Text always goes in as text nodes: nothing a citizen or the server says is ever parsed as HTML.

/**
 * Make an element.
 * @param {string} tag
 * @param {Object<string, string>} attributes set as they are; a value of null leaves the attribute out
 * @param {Array<Node|string>} children
 */
export function make(tag, attributes, children) {
  const element = document.createElement(tag);
  Object.keys(attributes || {}).forEach((name) => {
    if (attributes[name] !== null) element.setAttribute(name, attributes[name]);
  });
  (children || []).forEach((child) => {
    element.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  });
  return element;
}

/** Make a button that does something. */
export function makeButton(className, words, action, attributes) {
  const button = make("button", Object.assign({ type: "button", class: className }, attributes), [words]);
  button.addEventListener("click", action);
  return button;
}

export function byId(id) {
  return document.getElementById(id);
}
