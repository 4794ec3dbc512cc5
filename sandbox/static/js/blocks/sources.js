// Where the options of a select come from: its own list, the bot, the people or the channels of the workspace.
import { app, channelName, nameOf, userName } from "../store.js";
import { words } from "./values.js";

/** @typedef {{key: string, label: string, hint: string, value: any}} Choice `value` goes to the server as it is */

/** @returns {Choice} */
export const ofOption = (option) => ({ key: option.value, label: words(option.text), hint: words(option.description), value: option });
const ofUser = (id) => ({ key: id, label: userName(id), hint: app.users.get(id)?.name ? `@${app.users.get(id).name}` : "", value: id });
const ofChannel = (id) => ({ key: id, label: app.channels.get(id)?.is_im ? channelName(id) : `#${channelName(id)}`, hint: "", value: id });

function matching(choices, query) {
  const typed = query.trim().toLowerCase();
  return typed ? choices.filter((c) => `${c.label} ${c.hint}`.toLowerCase().includes(typed)) : choices;
}

function people() {
  const all = [...app.users.values()].filter((u) => !u.deleted);
  return all.sort((a, b) => nameOf(a).localeCompare(nameOf(b))).map((u) => ofUser(u.id));
}

function channels(element) {
  const { include, exclude_bot_users: noBots } = element.filter ?? {};
  const kindOf = (c) => (c.is_im ? "im" : c.is_mpim ? "mpim" : c.is_private ? "private" : "public");
  const onlyChannels = element.type.includes("channels");
  const seen = [...app.channels.values()].filter((c) => !c.is_archived && c.members.includes(app.person));
  return seen
    .filter((c) => (onlyChannels ? kindOf(c) === "public" : !include || include.includes(kindOf(c))) && !(noBots && c.is_im))
    .map((c) => ofChannel(c.id))
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** What a chosen value looks like. @returns {Choice} */
export function choiceOf(element, value) {
  if (element.type.includes("users")) return ofUser(value);
  if (element.type.includes("channels") || element.type.includes("conversations")) return ofChannel(value);
  return ofOption(value);
}

/**
 * The groups that fit what is typed. Below an external select's min_query_length nobody is asked.
 * @returns {Promise<{label: string, choices: Choice[]}[]>}
 */
export async function search(block, element, ctx, query) {
  if (element.type.includes("users")) return [{ label: "", choices: matching(people(), query) }];
  if (element.type.includes("channels") || element.type.includes("conversations")) return [{ label: "", choices: matching(channels(element), query) }];
  if (element.type.includes("external")) return [{ label: "", choices: (await ctx.options(block, element, query)).map(ofOption) }];
  const groups = element.option_groups ? element.option_groups.map((g) => ({ label: words(g.label), options: g.options })) : [{ label: "", options: element.options }];
  return groups.map((g) => ({ label: g.label, choices: matching(g.options.map(ofOption), query) })).filter((g) => g.choices.length);
}

/** How much has to be typed before there is anything to choose from. */
export const least = (element) => (element.type.includes("external") ? (element.min_query_length ?? 3) : 0);
