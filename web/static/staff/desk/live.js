// The stream of what changes at the desk. The browser reconnects by itself, with the last event's id; words say how it stands.

/**
 * @param {number} after the last event that the page has
 * @param {Object} report callbacks: changed({kind, handling, mine, shown}), typing({handling}), state(words, connected)
 */
export function listen(after, report) {
  let last = after;
  let source = null;
  let wait = 1000;

  function open() {
    source = new EventSource(`/desk/events?after=${last}`);
    source.addEventListener("open", () => {
      wait = 1000;
      report.state("已连接", true);
    });
    source.addEventListener("desk", (event) => {
      const number = Number(event.lastEventId) || last;
      // The server looks some seconds back, so that nothing is missed; the page may show it already.
      const shown = number <= after;
      last = Math.max(last, number);
      report.changed({ ...JSON.parse(event.data), shown });
    });
    source.addEventListener("typing", (event) => report.typing(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      report.state("连接断了，正在重新连接…消息不会丢", false);
      // After an answer that is no stream (signed out, restarting) the browser gives up: then we try.
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(open, wait);
        wait = Math.min(wait * 2, 30000);
      }
    });
  }

  open();
  window.addEventListener("pagehide", () => source.close());
}
