// rich_text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
import { dateNode } from "../dates.js";
import { h } from "../dom.js";
import { emojiNode } from "../emoji.js";
import { broadcast, channelMention, link, mention } from "./mrkdwn.js";

const TAGS = [["code", "code"], ["strike", "s"], ["underline", "u"], ["italic", "em"], ["bold", "strong"], ["highlight", "mark"]];

function dressed(node, style = {}) {
  return TAGS.reduce((inner, [name, tag]) => (style[name] ? h(tag, null, inner) : inner), node);
}

const broken = (text) => text.split("\n").map((row, index) => [index ? h("br") : null, row]);

const INLINE = {
  text: (e) => h("bdi", null, broken(e.text)),
  link: (e) => link(e.url, e.text || e.url),
  user: (e) => mention(e.user_id),
  usergroup: (e) => h("span", { class: "mention" }, `@${e.usergroup_id}`),
  channel: (e) => channelMention(e.channel_id),
  emoji: (e) => emojiNode(e.name, e.unicode),
  broadcast: (e) => broadcast(e.range),
  color: (e) => h("span", { class: "colour" }, swatch(e.value), e.value),
  date: (e) => (e.url ? link(e.url, dateNode(e.timestamp, e.format, e.fallback)) : dateNode(e.timestamp, e.format, e.fallback)),
};

function swatch(value) {
  const box = h("span", { class: "swatch", "aria-hidden": "true" });
  if (/^#[0-9a-f]{3,8}$/i.test(value)) box.style.background = value;
  return box;
}

const run = (elements) => elements.map((e) => dressed((INLINE[e.type] ?? ((x) => h("span", null, x.text ?? "")))(e), e.style));

function list(part) {
  const indent = part.indent ?? 0;
  const tag = part.style === "ordered" ? "ol" : "ul";
  return h(
    tag,
    { class: `rich-list level-${indent % 3} indent-${indent}`, start: tag === "ol" ? (part.offset ?? 0) + 1 : null },
    part.elements.map((item) => h("li", { dir: "auto" }, run(item.elements))),
  );
}

const PARTS = {
  rich_text_section: (part) => h("div", { class: "rich-section", dir: "auto" }, run(part.elements)),
  rich_text_list: list,
  rich_text_preformatted: (part) => h("pre", null, run(part.elements)),
  rich_text_quote: (part) => h("blockquote", { dir: "auto" }, run(part.elements)),
};

/** @param {any} block */
export function richText(block) {
  return h("div", { class: "block rich" }, block.elements.map((part) => PARTS[part.type]?.(part)));
}

/** The words of a rich text alone, for names and titles. */
export function richWords(block) {
  const words = (e) => (e.elements ? e.elements.map(words).join(" ") : (e.text ?? e.fallback ?? e.url ?? e.name ?? ""));
  return words(block).trim();
}
