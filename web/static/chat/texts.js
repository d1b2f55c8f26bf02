// Reading a reply's plain text: title, lead and parts of a card; telephone numbers in it. No DOM here.

const PART = /^【(.{1,30})】$/;
const HOTLINE = /12345|12333|12393|12329|12366|12367|12348|12315|12350|12123|12306|110|119|120|122/g;
const UNIT_AFTER = /^\s*(?:[元块天日个人分小月年岁号份张条次米平万千百%\uff05~\uff5e—-]|工作日|周岁)/;
const MONEY_AFTER = /^\s*[元块万]/;
const CALL_BEFORE = /(?:打|拨|报警|急救|电话|热线|求助|或|或者|、|和|及)[\s“"「]*$/;

/**
 * Take a card's text apart.
 * @returns {{title: string, lead: string, parts: Array<{title: string, text: string}>}}
 */
export function readCard(text) {
  const lines = text.replace(/\r\n?/g, "\n").trim().split("\n");
  const title = lines.shift() || "";
  const card = { title: title.trim(), lead: "", parts: [] };
  const gathered = [];
  let current = gathered;
  lines.forEach((line) => {
    const part = PART.exec(line.trim());
    if (part) {
      current = [];
      card.parts.push({ title: part[1], lines: current });
    } else {
      current.push(line);
    }
  });
  card.lead = gathered.join("\n").trim();
  card.parts = card.parts.map((part) => ({ title: part.title, text: part.lines.join("\n").trim() }));
  return card;
}

/**
 * Split a text at the telephone numbers that a citizen may want to call.
 * The three-digit ones are numbers of things, too ("120 元"): outside emergencies they need a word of calling before them.
 * @returns {Array<{text: string, phone: boolean}>}
 */
export function splitPhones(text, emergency) {
  const pieces = [];
  let from = 0;
  let match = null;
  HOTLINE.lastIndex = 0;
  while ((match = HOTLINE.exec(text))) {
    if (!isPhone(text, match[0], match.index, emergency)) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), phone: false });
    pieces.push({ text: match[0], phone: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), phone: false });
  return pieces;
}

function isPhone(text, number, start, emergency) {
  const before = text.slice(Math.max(0, start - 8), start);
  const after = text.slice(start + number.length, start + number.length + 8);
  if (/[\d.,A-Za-z-]$/.test(before) || /^(?:\d|[.,-]\d|[A-Za-z])/.test(after)) return false;
  if (number.length > 3) return !MONEY_AFTER.test(after);
  return !UNIT_AFTER.test(after) && (emergency || CALL_BEFORE.test(before));
}

/** Give the numbers to call in a text, each once, in order. */
export function phonesIn(text, emergency) {
  const numbers = splitPhones(text, emergency)
    .filter((piece) => piece.phone)
    .map((piece) => piece.text);
  return numbers.filter((number, place) => numbers.indexOf(number) === place);
}

/** Count characters as the server does: by code point, without the spaces around. */
export function countCharacters(text) {
  return Array.from(text.trim()).length;
}

/** Say when something was said: "14:05", "昨天 14:05", "3月8日 14:05" or with the year. */
export function sayTime(moment, now) {
  const clock = pad(moment.getHours()) + ":" + pad(moment.getMinutes());
  const days = Math.round((midnight(now) - midnight(moment)) / 86400000);
  if (days === 0) return "今天 " + clock;
  if (days === 1) return "昨天 " + clock;
  const day = moment.getMonth() + 1 + "月" + moment.getDate() + "日 " + clock;
  return moment.getFullYear() === now.getFullYear() ? day : moment.getFullYear() + "年" + day;
}

/** Read the server's time; a time without a zone is UTC. */
export function readTime(text) {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text || "");
  const moment = new Date(zoned ? text : text + "Z");
  return isNaN(moment.getTime()) ? new Date() : moment;
}

function midnight(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}

function pad(number) {
  return ("0" + number).slice(-2);
}
