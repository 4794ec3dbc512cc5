// Emoji by name. Names that are not known stay text.
import { emojiNames } from "./api.js";
import { h } from "./dom.js";

let names = {};

export async function loadEmoji() {
  names = await emojiNames();
}

/** @param {string} name without colons, perhaps with a skin tone */
export function emojiOf(name) {
  const [base, tone] = name.split("::skin-tone-");
  const characters = Object.hasOwn(names, base) ? names[base] : undefined;
  if (!characters) return undefined;
  return tone && /^[2-6]$/.test(tone) ? characters + String.fromCodePoint(0x1f3f9 + Number(tone)) : characters;
}

/** An element that shows the emoji and is read by its name; else the text `:name:`. */
export function emojiNode(name, unicode = "") {
  const characters = emojiOf(name) ?? fromCodes(unicode);
  if (!characters) return document.createTextNode(`:${name}:`);
  return h("span", { class: "emoji", role: "img", "aria-label": `${name.replaceAll(/[_-]/g, " ")} emoji`, title: `:${name}:` }, characters);
}

function fromCodes(unicode) {
  const codes = unicode.split("-").map((code) => Number.parseInt(code, 16));
  return unicode && codes.every((code) => code > 0 && code < 0x110000) ? String.fromCodePoint(...codes) : undefined;
}

/** Names that begin with `typed`, then those that contain it. */
export function findEmoji(typed, most = 8) {
  const all = Object.keys(names);
  const begin = all.filter((name) => name.startsWith(typed)).sort((a, b) => a.length - b.length);
  const inside = begin.length < most ? all.filter((name) => name.includes(typed) && !name.startsWith(typed)) : [];
  return [...begin, ...inside].slice(0, most).map((name) => ({ name, characters: names[name] }));
}

/** Plain text with its `:names:` replaced. */
export function withEmoji(text) {
  return text.split(/(:[a-z0-9_+'-]+(?:::skin-tone-[2-6])?:)/i).map((part, index) => (index % 2 ? emojiNode(part.slice(1, -1)) : part));
}
