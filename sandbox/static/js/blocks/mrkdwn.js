// Slack's mrkdwn: https://docs.slack.dev/messaging/formatting-message-text
import { dateNode } from "../dates.js";
import { h } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { app, channelName, userName } from "../store.js";
import { scan } from "./scan.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const decode = (text) => text.replaceAll(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

/** Where a link may lead. */
export const isSafe = (url) => /^(?:https?:\/\/|mailto:|tel:)/i.test(url);

/** A link, or its text where the address is of a kind that is not followed. */
export function link(url, ...children) {
  if (!isSafe(url)) return h("span", null, ...(children.length ? children : [url]));
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...(children.length ? children : [url]));
}

export function mention(id, shown = "") {
  const name = app.users.has(id) ? userName(id) : shown.replace(/^@/, "") || id;
  return h("span", { class: id === app.person ? "mention mine" : "mention" }, h("bdi", null, `@${name}`));
}

export function channelMention(id, shown = "") {
  const name = app.channels.has(id) ? channelName(id) : shown || "private channel";
  return h("span", { class: "mention" }, `#${name}`);
}

export const broadcast = (range) => h("span", { class: "mention broadcast" }, `@${range}`);

function special(body) {
  const [head, label = ""] = [body.split("|", 1)[0], body.includes("|") ? decode(body.slice(body.indexOf("|") + 1)) : ""];
  if (head.startsWith("@")) return mention(head.slice(1), label);
  if (head.startsWith("#")) return channelMention(head.slice(1), label);
  if (head.startsWith("!date^")) {
    const [, epoch, format = "", target = ""] = head.split("^");
    const date = dateNode(Number(epoch), decode(format), label);
    return target && isSafe(decode(target)) ? link(decode(target), date) : date;
  }
  if (head.startsWith("!subteam^")) return h("span", { class: "mention" }, label || head.slice(9));
  if (/^!(here|channel|everyone)$/.test(head)) return broadcast(head.slice(1));
  if (head.startsWith("!")) return h("span", null, label || `<${decode(head.slice(1))}>`);
  return isSafe(decode(head)) ? link(decode(head), label || decode(head).replace(/^mailto:/, "")) : `<${decode(body)}>`;
}

// A mark opens after a beginning, a blank or punctuation and before something; it closes after something, before no letter.
const STYLES = [
  ["strong", /(?<![\p{L}\p{N}*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\p{L}\p{N}*])/gu],
  ["em", /(?<![\p{L}\p{N}_])_(?=[^\s_])((?:[^_\n]|_(?=[\p{L}\p{N}])){0,2000}[^\s_])_(?![\p{L}\p{N}_])/gu],
  ["s", /(?<![\p{L}\p{N}~])~(?=[^\s~])([^~\n]*[^\s~])~(?![\p{L}\p{N}~])/gu],
];
const BARE = /(https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)\]}'"])/;

function words(text) {
  return text.split(BARE).map((part, index) => (index % 2 ? link(decode(part)) : withEmoji(decode(part))));
}

// What is taken out of the text before styles are looked for is put back by number, between two characters of private use.
const OPEN = "\uE000";
const CLOSE = "\uE001";
const HELD = new RegExp(`${OPEN}(\\d+)${CLOSE}`);

const putBack = (text, held) => text.split(HELD).map((part, index) => (index % 2 ? held[Number(part)] : words(part)));

function styled(text, held, styles = STYLES) {
  const rules = styles.map(([tag, mark]) => ({
    find: new RegExp(mark),
    make: (match) => h(tag, null, styled(match[1], held, styles.filter(([other]) => other !== tag))),
  }));
  return scan(text, rules, (rest) => putBack(rest, held));
}

function inline(text) {
  const held = [];
  const hold = (node) => OPEN + (held.push(node) - 1) + CLOSE;
  const open = text
    .replaceAll(/[\uE000\uE001]/g, "")
    .replaceAll(/`([^`\n]+)`/g, (_, code) => hold(h("code", null, codeText(code))))
    .replaceAll(/<([^<>\n]+)>/g, (_, body) => hold(special(body)));
  return styled(open, held);
}

const codeText = (text) => decode(text.replaceAll(/<(?:[^<>|\n]*\|)?([^<>\n]*)>/g, "$1"));

function lines(text) {
  const out = [];
  let quote = [];
  const endQuote = () => {
    if (quote.length) out.push(h("blockquote", null, joined(quote)));
    quote = [];
  };
  const plain = [];
  const endPlain = () => {
    if (plain.length) out.push(joined(plain.splice(0)));
  };
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>)(?!&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) {
      endPlain();
      quote.push(quoted[1]);
    } else {
      endQuote();
      plain.push(line);
    }
  }
  endQuote();
  endPlain();
  return out;
}

const joined = (rows) => rows.map((row, index) => [index ? h("br") : null, inline(row)]);

/**
 * mrkdwn as nodes.
 * @param {string} text as Slack keeps it: & < > written as entities
 */
export function mrkdwn(text) {
  return text.split(/```\n?([\s\S]*?)\n?```/).map((part, index) => {
    if (index % 2) return h("pre", null, codeText(part));
    const trimmed = index ? part.replace(/^\n/, "") : part;
    return trimmed ? lines(trimmed) : null;
  });
}

/** A text object of Block Kit: plain_text or mrkdwn; people's text keeps to its own direction. */
export function textObject(object, tag = "span") {
  if (!object) return null;
  const content = object.type === "mrkdwn" ? mrkdwn(object.text) : withBreaks(object.text, object.emoji !== false);
  return h(tag, { class: "text", dir: "auto" }, content);
}

function withBreaks(text, emoji) {
  return text.split("\n").map((row, index) => [index ? h("br") : null, emoji ? withEmoji(row) : row]);
}
