// The markdown block: standard Markdown, as far as https://docs.slack.dev/reference/block-kit/blocks/markdown-block lists it.
import { h } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { link } from "./mrkdwn.js";
import { scan } from "./scan.js";

const RULES = [
  [/`([^`]+)`/, (m) => h("code", null, m[1])],
  [/!\[([^\]]*)\]\(([^\s)]+)[^)]*\)/, (m) => link(m[2], m[1] || m[2])],
  [/\[([^\]]+)\]\(([^\s)]+)[^)]*\)/, (m, deeper) => link(m[2], deeper(m[1]))],
  [/<(https?:\/\/[^\s<>]+)>/, (m) => link(m[1])],
  [/\*\*(?=[^\s*])([^\n]{0,2000}?[^\s])\*\*/, (m, deeper) => h("strong", null, deeper(m[1]))],
  [/(?<!\w)__(?=[^\s_])([^\n]{0,2000}?[^\s])__(?!\w)/, (m, deeper) => h("strong", null, deeper(m[1]))],
  [/~~(?=[^\s~])([^~]*[^\s~])~~/, (m, deeper) => h("s", null, deeper(m[1]))],
  [/(?<!\*)\*(?=[^\s*])([^*]*[^\s*])\*(?!\*)/, (m, deeper) => h("em", null, deeper(m[1]))],
  [/(?<!\w)_(?=[^\s_])([^_]*[^\s_])_(?!\w)/, (m, deeper) => h("em", null, deeper(m[1]))],
  [/https?:\/\/[^\s<>)]+[^\s<>).,;:!?]/, (m) => link(m[0])],
];
const DEEPEST = 6;

function inline(text, depth = 0) {
  const plain = (rest) => withEmoji(rest.replaceAll(/\\([\\`*_{}[\]()#+.!~>-])/g, "$1"));
  if (depth > DEEPEST) return plain(text);
  const deeper = (inner) => inline(inner, depth + 1);
  return scan(text, RULES.map(([find, make]) => ({ find: new RegExp(find, "g"), make: (m) => make(m, deeper) })), plain);
}

const ITEM = /^(\s*)(?:([-*+])|(\d+)[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/;
const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
const isRule = (row) => /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(row) && row.includes("-") && row.includes("|");

function takeList(rows) {
  const [, indent, , number] = ITEM.exec(rows[0]);
  const made = h(number ? "ol" : "ul", { start: number && number !== "1" ? number : null });
  while (rows.length) {
    const found = ITEM.exec(rows[0]);
    if (!found || found[1].length < indent.length) break;
    if (found[1].length > indent.length + 1) {
      (made.lastElementChild ?? made).append(takeList(rows));
      continue;
    }
    rows.shift();
    const box = found[4] === undefined ? null : h("input", { type: "checkbox", disabled: true, checked: found[4] !== " ", "aria-label": found[5] });
    made.append(h("li", { dir: "auto", class: box ? "task" : null }, box, inline(found[5])));
  }
  return made;
}

function takeTable(rows) {
  const head = cells(rows.shift());
  const aligns = cells(rows.shift()).map((c) => (c.endsWith(":") ? (c.startsWith(":") ? "center" : "right") : "left"));
  const body = [];
  while (rows.length && rows[0].includes("|")) body.push(cells(rows.shift()));
  const row = (tag) => (list) => h("tr", null, list.map((text, i) => h(tag, { class: `align-${aligns[i] ?? "left"}`, dir: "auto" }, inline(text))));
  return h("div", { class: "table-frame", tabindex: 0, role: "group", "aria-label": "Table" },
    h("table", null, h("thead", null, row("th")(head)), h("tbody", null, body.map(row("td")))));
}

function takeWhile(rows, test, strip) {
  const taken = [];
  while (rows.length && test(rows[0])) taken.push(strip(rows.shift()));
  return taken;
}

// Marks are taken off one level at a time; a hundred of them are a wall of text, no hundred quotes.
const quoted = (rows) => (rows.some((r) => /^>{8}/.test(r)) ? rows.join("\n") : blocksOf(rows));

function next(rows) {
  const row = rows[0];
  const fence = /^\s*(```|~~~)/.exec(row);
  if (fence) {
    rows.shift();
    const code = takeWhile(rows, (r) => !r.trim().startsWith(fence[1]), (r) => r);
    rows.shift();
    return h("pre", null, code.join("\n"));
  }
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(row);
  if (heading) {
    rows.shift();
    return h(`h${Math.min(heading[1].length + 2, 6)}`, { dir: "auto", class: `markdown-h${heading[1].length}` }, inline(heading[2]));
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(row)) {
    rows.shift();
    return h("hr");
  }
  if (row.startsWith(">")) return h("blockquote", { dir: "auto" }, quoted(takeWhile(rows, (r) => r.startsWith(">"), (r) => r.replace(/^>\s?/, ""))));
  if (ITEM.test(row)) return takeList(rows);
  if (rows.length > 1 && row.includes("|") && isRule(rows[1])) return takeTable(rows);
  const starts = (r) => !r.trim() || /^(#{1,6}\s|>|\s*(```|~~~))/.test(r) || ITEM.test(r);
  const first = rows.shift();
  const text = [first, ...takeWhile(rows, (r) => !starts(r), (r) => r)];
  return h("p", { dir: "auto" }, text.map((line, i) => [i ? h("br") : null, inline(line.trim())]));
}

function blocksOf(rows) {
  const out = [];
  while (rows.length) {
    if (rows[0].trim()) out.push(next(rows));
    else rows.shift();
  }
  return out;
}

/** @param {any} block */
export function markdown(block) {
  return h("div", { class: "block markdown" }, blocksOf(block.text.split(/\r?\n/)));
}
