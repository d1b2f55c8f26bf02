// Sends a form of the desk and reads the answer; what goes wrong comes back as words for the agent.

/** @returns {Promise<Object>} */
export async function post(path, fields) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  let answer = null;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRF-Token": token },
      body: new URLSearchParams(fields),
    });
  } catch {
    throw new Error("连不上服务器，没有发出去。请再按一次发送。");
  }
  const shape = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error((shape.error && shape.error.message) || "这一步没有做成，请再试一次。");
  return shape;
}
