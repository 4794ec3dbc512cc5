// What the page knows, and who wants to hear of it.

/**
 * @typedef {{kind: "channel" | "home", id: string}} Place `id` is a channel's id, empty for the App Home
 * @typedef {{id: string, name: string, real_name: string, tz?: string, team_id: string, is_bot: boolean, deleted: boolean}} User
 */

export const app = {
  team: { id: "", name: "" },
  bot: { user_id: "", bot_id: "", name: "" },
  /** @type {Map<string, any>} */
  users: new Map(),
  /** @type {Map<string, any>} */
  channels: new Map(),
  commands: [],
  shortcuts: [],
  switches: {},
  homeEnabled: true,
  dmReadOnly: false,
  botConnected: false,
  /** the id of the person the page acts as */
  person: "",
  /** @type {Place} */
  place: { kind: "channel", id: "" },
  /** the timestamp of the open thread, empty when there is none */
  thread: "",
  /** the channel of the person's direct message with the app */
  dm: "",
  /** @type {Record<string, {last_read: string, count: number}>} */
  unread: {},
  /** @type {any} */
  home: null,
  /** @type {any[]} */
  views: [],
  connected: false,
};

const listeners = new Map();

/** @param {string} event @param {(data?: any) => void} listener */
export function on(event, listener) {
  listeners.set(event, [...(listeners.get(event) ?? []), listener]);
}

/** @param {string} event @param {any} [data] */
export function emit(event, data) {
  for (const listener of listeners.get(event) ?? []) listener(data);
}

/** Take over the answer of GET state. */
export function takeState(state) {
  app.team = state.team;
  app.bot = state.bot;
  app.users = new Map(state.users.map((u) => [u.id, u]));
  app.bot.name = nameOf(app.users.get(app.bot.user_id)) || app.bot.name;
  app.channels = new Map(state.channels.map((c) => [c.id, c]));
  app.commands = state.commands;
  app.shortcuts = state.shortcuts;
  app.switches = state.switches;
  app.homeEnabled = state.home_enabled;
  app.dmReadOnly = state.dm_read_only;
  app.botConnected = state.socket_connected || Boolean(state.bot_url);
}

export const zone = () => app.users.get(app.person)?.tz || "UTC";
export const userName = (id) => nameOf(app.users.get(id)) || id;
export const nameOf = (user) => (user ? user.profile?.display_name || user.real_name || user.profile?.real_name || user.name : "");
export const channelName = (id) => app.channels.get(id)?.name || (id === app.dm ? app.bot.name : id);

/** The channels that the person sees in the sidebar, by name. */
export function myChannels() {
  const mine = [...app.channels.values()].filter((c) => !c.is_im && !c.is_archived && c.members.includes(app.person));
  return mine.sort((a, b) => a.name.localeCompare(b.name));
}

/** Those whom the page can act as: first the five of the sample workspace, then whoever else is there. */
export function peopleToBe() {
  const first = ["U0ADMIN", "U0ENG", "U0ENG2", "U0USER", "U0OUT"];
  const people = [...app.users.values()].filter((u) => !u.is_bot && !u.deleted);
  return {
    first: first.map((id) => people.find((u) => u.id === id)).filter(Boolean),
    others: people.filter((u) => !first.includes(u.id)),
  };
}
