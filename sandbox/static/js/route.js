// Who and where, in the address: #/erik/ops, #/erik/ops/1700000000.000100 (a thread), #/erik/@app (the direct message), #/erik/home.
import { app, peopleToBe } from "./store.js";

/** The address of what the page shows. */
export function address({ person = app.person, place = app.place, thread = app.thread } = {}) {
  const who = app.users.get(person)?.name ?? "";
  if (place.kind === "home") return `#/${encodeURIComponent(who)}/home`;
  const channel = app.channels.get(place.id);
  const where = !channel || channel.is_im ? "@app" : channel.name;
  return `#/${encodeURIComponent(who)}/${encodeURIComponent(where)}${thread ? `/${thread}` : ""}`;
}

/**
 * What an address means; whatever it does not say is as at the first visit: the user Uma, in #ops.
 * @param {string} hash
 */
export function read(hash) {
  const [who = "", where = "", thread = ""] = hash.replace(/^#\/?/, "").split("/").map(decode);
  const people = [...app.users.values()].filter((u) => !u.is_bot && !u.deleted);
  const { first } = peopleToBe();
  const person = people.find((u) => u.name === who) ?? people.find((u) => u.id === "U0USER") ?? first[0] ?? people[0];
  return { person: person.id, where, thread: /^\d+\.\d+$/.test(thread) ? thread : "" };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** The place that `where` names for the person at hand. */
export function placeOf(where) {
  if (where === "home") return { kind: "home", id: "" };
  if (where === "@app" && app.dm) return { kind: "channel", id: app.dm };
  const mine = [...app.channels.values()].filter((c) => !c.is_im && !c.is_archived && c.members.includes(app.person));
  const found = mine.find((c) => c.name === where) ?? mine.find((c) => c.name === "ops") ?? mine[0];
  return { kind: "channel", id: found ? found.id : app.dm };
}
