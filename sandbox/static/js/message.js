// One message.
import { contextOf, shortcut } from "./acts.js";
import { renderBlocks } from "./blocks/index.js";
import { mrkdwn } from "./blocks/mrkdwn.js";
import { fullOf, size, timeOf } from "./dates.js";
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu, opensMenu } from "./popup.js";
import { app, emit, nameOf } from "./store.js";

const LONG = 2500; // characters of plain text; beyond, a message is folded
const COLOURS = 8;

/** The initials of a person in a coloured square; the app has its own sign. */
export function avatar(user, className = "avatar") {
  if (user?.id === app.bot.user_id) return h("span", { class: `${className} app-avatar`, "aria-hidden": "true" }, icon("bolt", 20));
  const name = nameOf(user) || "?";
  const initials = name.split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "").join("");
  const colour = [...(user?.id ?? name)].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 9973, 7) % COLOURS;
  return h("span", { class: `${className} colour-${colour}`, "aria-hidden": "true" }, initials.toUpperCase());
}

function file(one) {
  const name = one.title || one.name;
  const href = `/files-pri/${encodeURIComponent(one.id)}/${encodeURIComponent(one.name)}`;
  return h("div", { class: "file" }, h("span", { class: "file-icon" }, icon("file", 22)),
    h("span", { class: "file-words" }, h("bdi", { class: "file-name" }, name), h("span", { class: "dim" }, `${(one.filetype || "file").toUpperCase()} · ${size(one.size)}`)),
    h("a", { class: "btn", href, download: one.name, "aria-label": `Download ${name}` }, icon("download", 16), "Download"));
}

function attachment(one, ctx) {
  const bar = h("div", { class: "attachment-bar" });
  if (/^#?[0-9a-f]{6}$/i.test(one.color ?? "")) bar.style.background = one.color.startsWith("#") ? one.color : `#${one.color}`;
  const legacy = [one.pretext, one.title, one.text ?? one.fallback].filter(Boolean).map((text) => h("div", { dir: "auto" }, mrkdwn(text)));
  return h("div", { class: "attachment" }, bar, h("div", null, one.blocks ? renderBlocks(one.blocks, ctx) : legacy));
}

/** What the app shows below a message that links to one of its pages. */
function preview(url, one, ctx) {
  const shown = attachment(one, ctx);
  shown.setAttribute("role", "group");
  shown.setAttribute("aria-label", `Preview of ${url}`);
  return shown;
}

function text(message) {
  const body = h("div", { class: "text", dir: "auto" }, mrkdwn(message.text));
  if (message.text.length <= LONG) return body;
  body.classList.add("folded");
  const unfold = h("button", { type: "button", class: "link-button", "aria-expanded": "false", on: { click: () => {
    const folded = body.classList.toggle("folded");
    unfold.textContent = folded ? "Show more" : "Show less";
    unfold.setAttribute("aria-expanded", String(!folded));
  } } }, "Show more");
  return [body, unfold];
}

function body(message) {
  const surface = contextOf([message.channel, message.ts], "message", message.chosen);
  const drawn = [];
  if (message.subtype === "tombstone") drawn.push(h("em", { class: "dim" }, "This message was deleted."));
  else if (message.blocks?.length) drawn.push(renderBlocks(message.blocks, surface));
  else if (message.text) drawn.push(text(message));
  for (const one of message.attachments ?? []) drawn.push(attachment(one, surface));
  for (const [url, one] of Object.entries(message.unfurls ?? {})) drawn.push(preview(url, one, surface));
  for (const one of message.files ?? []) drawn.push(file(one));
  return drawn;
}

function replies(message) {
  if (!message.reply_count) return null;
  const people = message.reply_users.slice(0, 4).map((id) => avatar(app.users.get(id), "avatar tiny"));
  return h("button", { type: "button", class: "replies", on: { click: () => emit("thread", message.ts) } }, people,
    h("span", { class: "reply-count" }, `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`),
    h("span", { class: "dim" }, `Last reply at ${timeOf(message.latest_reply)}`), icon("right", 14));
}

function moreActions(message, anchor) {
  const own = app.shortcuts.filter((s) => s.type === "message");
  const items = own.map((s) => ({ label: s.name, hint: s.description || app.bot.name, run: () => shortcut(s.callback_id, [message.channel, message.ts]) }));
  items.push({ label: "Copy text", run: () => navigator.clipboard?.writeText(anchor.closest(".message").querySelector(".body").innerText) });
  openMenu(anchor, items, { label: "More actions" });
}

function toolbar(message, inThread) {
  if (message.ephemeral_to || message.subtype === "tombstone") return null;
  const more = iconButton(icon("dots"), "More actions", () => moreActions(message, more), opensMenu);
  return h("div", { class: "toolbar", role: "group", "aria-label": "Actions" },
    inThread ? null : iconButton(icon("thread"), "Reply in thread", () => emit("thread", message.thread_ts ?? message.ts)), more);
}

/**
 * @param {any} message
 * @param {{compact?: boolean, inThread?: boolean}} [options] `compact`: by the same person as the one before, shortly after
 */
export function drawMessage(message, { compact = false, inThread = false } = {}) {
  const user = app.users.get(message.user);
  const name = nameOf(user) || message.username || message.user;
  const isApp = Boolean(message.bot_id);
  const time = h("time", { class: "time", datetime: new Date(Number(message.ts) * 1000).toISOString(), title: fullOf(message.ts) }, timeOf(message.ts));
  const edited = message.edited && !message.ephemeral_to && message.subtype !== "tombstone" ? h("span", { class: "edited" }, "(edited)") : null;
  const head = compact
    ? h("span", { class: "unseen" }, name)
    : h("div", { class: "head" }, h("bdi", { class: "name" }, name), isApp ? h("span", { class: "badge" }, "APP") : null, time, message.blocks?.length ? edited : null);
  const only = message.ephemeral_to ? h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you") : null;
  const broadcast = message.thread_ts && message.thread_ts !== message.ts && !inThread ? h("div", { class: "dim" }, "replied to a thread") : null;
  return h("article", { class: `message${compact ? " compact" : ""}${message.ephemeral_to ? " ephemeral" : ""}`, tabindex: -1, "aria-label": `${name}, ${timeOf(message.ts)}`, data: { ts: message.ts, user: message.user } },
    h("div", { class: "gutter" }, compact ? time : avatar(user)),
    h("div", { class: "content" }, only, head, broadcast, h("div", { class: "body" }, body(message), message.blocks?.length && !compact ? null : edited), inThread ? null : replies(message)),
    toolbar(message, inThread));
}

/** Whether `message` continues what the one before it says. */
export function continues(before, message) {
  if (!before || before.user !== message.user || before.ephemeral_to !== message.ephemeral_to || before.subtype === "tombstone") return false;
  return Number(message.ts) - Number(before.ts) < 300;
}
