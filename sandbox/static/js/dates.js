// Dates in the zone of the person at hand, by Intl.
import { h } from "./dom.js";
import { zone } from "./store.js";

const made = new Map();

function formatter(options) {
  const key = zone() + JSON.stringify(options);
  if (!made.has(key)) {
    let use;
    try {
      use = new Intl.DateTimeFormat("en-US", { ...options, timeZone: zone() });
    } catch {
      use = new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
    }
    made.set(key, use);
  }
  return made.get(key);
}

const show = (date, options) => formatter(options).format(date);

/** Year, month, day, hour and minute as numbers, as the person's clock shows them. */
export function parts(date) {
  const found = {};
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  for (const part of formatter(options).formatToParts(date)) found[part.type] = Number(part.value);
  return found;
}

/** The day as YYYY-MM-DD. */
export function dayOf(date) {
  const p = parts(date);
  return `${p.year}-${String(p.month).padStart(2, "0")}-${String(p.day).padStart(2, "0")}`;
}

/** The moment as a `datetime-local` field wants it. */
export function localText(date) {
  const p = parts(date);
  return `${dayOf(date)}T${String(p.hour).padStart(2, "0")}:${String(p.minute).padStart(2, "0")}`;
}

/** The moment of a `datetime-local` text in the person's zone, in epoch seconds. */
export function epochOf(text) {
  const asUtc = Date.parse(`${text}:00Z`);
  if (Number.isNaN(asUtc)) return null;
  let guess = asUtc;
  for (let round = 0; round < 3; round += 1) {
    const shown = Date.parse(`${localText(new Date(guess))}:00Z`);
    guess += asUtc - shown;
  }
  return Math.round(guess / 1000);
}

const fromTs = (ts) => new Date(Number(ts) * 1000);

export const timeOf = (ts) => show(fromTs(ts), { hour: "numeric", minute: "2-digit" });
export const fullOf = (ts) =>
  show(fromTs(ts), { weekday: "long", month: "long", day: "numeric", year: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short" });
export const dayOfTs = (ts) => dayOf(fromTs(ts));

function ordinal(day) {
  const rest = day % 100;
  if (rest > 10 && rest < 14) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th"}`;
}

function daysFromToday(date) {
  const day = (d) => Date.parse(`${dayOf(d)}T00:00:00Z`) / 86_400_000;
  return Math.round(day(date) - day(new Date()));
}

const near = (date) => ({ "-1": "yesterday", 0: "today", 1: "tomorrow" })[daysFromToday(date)];

/** The words of a day divider: Today, Yesterday, or Tuesday, March 4th. */
export function dividerOf(ts) {
  const date = fromTs(ts);
  const word = near(date);
  if (word && word !== "tomorrow") return word[0].toUpperCase() + word.slice(1);
  const year = parts(date).year === parts(new Date()).year ? "" : `, ${parts(date).year}`;
  return `${show(date, { weekday: "long" })}, ${show(date, { month: "long" })} ${ordinal(parts(date).day)}${year}`;
}

function longDate(date, month) {
  return `${show(date, { month })} ${month === "long" ? ordinal(parts(date).day) : parts(date).day}, ${parts(date).year}`;
}

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const steps = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

const TOKENS = {
  date_num: (d) => dayOf(d),
  date: (d) => longDate(d, "long"),
  date_short: (d) => longDate(d, "short"),
  date_long: (d) => `${show(d, { weekday: "long" })}, ${longDate(d, "long")}`,
  date_pretty: (d) => near(d) ?? longDate(d, "long"),
  date_short_pretty: (d) => near(d) ?? longDate(d, "short"),
  date_long_pretty: (d) => near(d) ?? `${show(d, { weekday: "long" })}, ${longDate(d, "long")}`,
  day_divider_pretty: (d) => near(d) ?? `${show(d, { weekday: "long" })}, ${show(d, { month: "long" })} ${ordinal(parts(d).day)}`,
  time: (d) => show(d, { hour: "numeric", minute: "2-digit" }),
  time_secs: (d) => show(d, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago,
};

/**
 * A date as `<!date^...>` and rich text ask for it; the fallback where the moment or a token is unknown.
 * @param {number} epoch seconds
 */
export function dateNode(epoch, format, fallback = "") {
  const date = new Date(epoch * 1000);
  const known = [...format.matchAll(/\{(\w+)\}/g)].every(([, token]) => token in TOKENS);
  if (Number.isNaN(date.getTime()) || !known) return h("span", null, fallback || format);
  const text = format.replaceAll(/\{(\w+)\}/g, (_, token) => TOKENS[token](date));
  return h("time", { class: "date", datetime: date.toISOString(), title: fullOf(String(epoch)) }, text);
}

/** A number of bytes for people. */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
