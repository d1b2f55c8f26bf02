// Coming from WeChat: the server leaves this citizen's session in a cookie for a minute; take it and delete the cookie.

import { remember } from "./store.js";

const COOKIE = "qinwen_arrival";

/** Returns "known" (the session is this citizen's), "anonymous" (WeChat did not say who it is) or null (not from there). */
export function takeArrival() {
  const entry = document.cookie.split("; ").find((one) => one.startsWith(COOKIE + "="));
  if (!entry) return null;
  document.cookie = COOKIE + "=; Max-Age=0; Path=/; SameSite=Lax";
  const value = entry.slice(COOKIE.length + 1);
  if (value === "anonymous" || !/^[\w-]{20,}$/.test(value)) return "anonymous";
  remember("token", value);
  return "known";
}
