// What the page remembers on this device. Where storage is blocked it remembers until the page closes.

const PREFIX = "qinwen.";
const memory = {};

export function remember(name, value) {
  memory[name] = value;
  try {
    window.localStorage.setItem(PREFIX + name, value);
  } catch (error) {
    // Storage is blocked or full; the copy in memory serves.
  }
}

export function recall(name) {
  try {
    const value = window.localStorage.getItem(PREFIX + name);
    if (value !== null) return value;
  } catch (error) {
    // Storage is blocked.
  }
  return name in memory ? memory[name] : null;
}

export function forget(name) {
  delete memory[name];
  try {
    window.localStorage.removeItem(PREFIX + name);
  } catch (error) {
    // Storage is blocked, so there is nothing to remove.
  }
}
