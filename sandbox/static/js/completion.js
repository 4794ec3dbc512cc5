// What can be completed in the message box: commands and shortcuts, people, channels, emoji.
import { shortcut } from "./acts.js";
import { h } from "./dom.js";
import { findEmoji } from "./emoji.js";
import { icon } from "./icons.js";
import { avatar } from "./message.js";
import { app, myChannels, nameOf } from "./store.js";

const MOST = 8;

/**
 * @typedef {{key: string, picture: Node, label: string, hint: string, detail: string, insert?: string, run?: () => void, exact: boolean}} Entry
 */

function commands(typed) {
  const found = app.commands.filter((c) => c.command.startsWith(typed));
  const entries = found.map((c) => ({
    key: c.command, picture: icon("slash"), label: c.command, hint: c.usage_hint ?? "", detail: c.description ?? "", insert: `${c.command} `, exact: c.command === typed,
  }));
  const word = typed.slice(1).toLowerCase();
  const shortcuts = app.shortcuts.filter((s) => s.type === "global" && s.name.toLowerCase().includes(word));
  return [...entries, ...shortcuts.map((s) => ({
    key: s.callback_id, picture: icon("bolt"), label: s.name, hint: "", detail: s.description || "Shortcut", run: () => shortcut(s.callback_id), exact: false,
  }))];
}

function people(typed) {
  const word = typed.toLowerCase();
  const all = [...app.users.values()].filter((u) => !u.deleted && (u.name.startsWith(word) || nameOf(u).toLowerCase().includes(word)));
  return all.slice(0, MOST).map((u) => ({
    key: u.id, picture: avatar(u, "avatar tiny"), label: nameOf(u), hint: `@${u.name}`, detail: u.id === app.person ? "you" : "", insert: `@${u.name} `, exact: u.name === word,
  }));
}

function channels(typed) {
  const all = myChannels().filter((c) => c.name.startsWith(typed.toLowerCase()));
  return all.slice(0, MOST).map((c) => ({ key: c.id, picture: icon("hash"), label: c.name, hint: "", detail: "", insert: `#${c.name} `, exact: c.name === typed }));
}

function emoji(typed) {
  return findEmoji(typed.toLowerCase(), MOST).map((e) => ({
    key: e.name, picture: h("span", { class: "emoji", "aria-hidden": "true" }, e.characters), label: `:${e.name}:`, hint: "", detail: "", insert: `${e.characters} `, exact: false,
  }));
}

/**
 * What fits the word at the cursor, and where that word begins.
 * @param {string} before the text up to the cursor
 * @returns {{from: number, title: string, entries: Entry[]} | null}
 */
export function complete(before, inThread) {
  const command = /^\/\S*$/.exec(before);
  if (command) return inThread ? null : offered(0, "Commands", commands(before));
  const word = /(?:^|\s)([@#:])([\w.+-]*)$/u.exec(before);
  if (!word) return null;
  const from = before.length - word[2].length - 1;
  if (word[1] === "@") return offered(from, "People", people(word[2]));
  if (word[1] === "#") return offered(from, "Channels", channels(word[2]));
  return word[2].length > 1 ? offered(from, "Emoji", emoji(word[2])) : null;
}

const offered = (from, title, entries) => (entries.length ? { from, title, entries } : null);

/** The usage hint of the command that is being typed, null when there is none. */
export function usageOf(text) {
  const [, command] = /^(\/\S+)\s/.exec(text) ?? [];
  return app.commands.find((c) => c.command === command) ?? null;
}
