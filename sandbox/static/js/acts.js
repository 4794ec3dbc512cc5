// What the person does: each act goes to the server, which sends the bot what Slack would send.
import { api } from "./api.js";
import { emit, app } from "./store.js";
import { notice } from "./notice.js";

const TROUBLE = "We had some trouble connecting. Try again?";

/** What is typed and not yet sent; sent when the page goes away, so that a reload loses nothing. */
const unsent = new Set();
addEventListener("pagehide", () => unsent.forEach((flush) => flush()));

/** Do one act; null, with a notice, where it could not be done. */
export async function act(name, args, { quiet = false } = {}) {
  try {
    const outcome = await api.act(app.person, name, args);
    if (!quiet && outcome?.error) notice(outcome.shown || TROUBLE);
    return outcome;
  } catch (fault) {
    notice(fault.message || TROUBLE);
    return null;
  }
}

/**
 * How the blocks of one message, modal or Home act.
 * @param {[string, string] | string} source a (channel, ts) pair or a view's id
 * @param {"message" | "modal" | "home"} surface
 * @param {any} state block_id -> action_id -> value
 */
export function contextOf(source, surface, state = {}, errors = {}) {
  const at = (block, element) => ({ action_id: element.action_id, block_id: block.block_id });
  const waiting = new Map();
  let turn = Promise.resolve();

  async function send() {
    const entries = [...waiting.values()];
    waiting.clear();
    unsent.delete(send);
    if (entries.length) await act("enter", { view: source, entries });
  }
  const flush = () => (turn = turn.then(send));
  let timer = 0;

  return {
    source,
    surface,
    state,
    errors,
    flush,
    /** Press a button; an edit may have taken it away in this very moment, as it may in Slack. */
    click: (block, element) => act("click", { source, ...at(block, element), stale: surface === "message" }),
    select: (block, element, selected) => turn.then(() => act("select", { source, ...at(block, element), selected })),
    options: async (block, element, query) => (await act("options", { source, ...at(block, element), query }, { quiet: true })) ?? [],
    /** Keep what is typed; the server hears of it a moment later, so that it outlives a reload. */
    enter(block, element, value) {
      if (surface === "message") return act("select", { source, ...at(block, element), selected: value });
      waiting.set(`${block.block_id} ${element.action_id}`, { ...at(block, element), value });
      unsent.add(send);
      clearTimeout(timer);
      timer = setTimeout(flush, 150);
      return Promise.resolve();
    },
  };
}

/** Run a slash command in a channel; false when it was no command. */
export async function slash(text, channel) {
  const [, command, rest = ""] = /^\/(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const outcome = await act("slash", { command: `/${command}`, text: rest, channel }, { quiet: true });
  if (!outcome?.error) return outcome;
  if (outcome.error === "unknown_command") {
    notice(`${outcome.shown} To send it as a message, put a space before the slash.`);
    return null;
  }
  emit("said", { channel, text: outcome.shown || TROUBLE });
  return outcome;
}

export const post = (channel, text, threadTs) => act("post", { channel, text, ...(threadTs ? { thread_ts: threadTs } : {}) });
export const shortcut = (callbackId, source) => act("shortcut", { callback_id: callbackId, ...(source ? { message: source } : {}) });
