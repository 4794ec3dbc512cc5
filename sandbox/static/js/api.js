// The server's control interface; the cookie that the address's key was exchanged for goes along by itself.

/** An answer that is no success; `status` 0 means that the server was not reached. */
export class Refused extends Error {
  constructor(status, text) {
    super(text || `The sandbox answered with ${status}.`);
    this.status = status;
  }
}

async function ask(method, path, body) {
  const options = { method, headers: {}, credentials: "same-origin" };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
    options.keepalive = options.body.length < 60_000; // it is sent even when the page goes away; browsers allow 64 kB
  }
  let answer;
  try {
    answer = await fetch(`/_sandbox/${path}`, options);
  } catch {
    throw new Refused(0, "The sandbox does not answer. Is it still running?");
  }
  if (!answer.ok) throw new Refused(answer.status, await answer.text());
  return answer.json();
}

const q = encodeURIComponent;

export const api = {
  state: () => ask("GET", "state"),
  history: (channel, person, before = "", limit = 60) =>
    ask("GET", `channels/${q(channel)}/history?as=${q(person)}&before=${q(before)}&limit=${limit}`),
  replies: (channel, ts, person) => ask("GET", `channels/${q(channel)}/replies/${q(ts)}?as=${q(person)}`),
  message: (channel, ts, person) => ask("GET", `channels/${q(channel)}/messages/${q(ts)}?as=${q(person)}`),
  person: (person) => ask("GET", `people/${q(person)}`),
  unread: (person) => ask("GET", `people/${q(person)}/unread`),
  act: (person, act, args) => ask("POST", `people/${q(person)}/${act}`, args),
  upload: (person, form) => ask("POST", `people/${q(person)}/files`, form),
  log: (after) => ask("GET", `log?after=${after}`),
  line: (seq) => ask("GET", `log/lines/${seq}`),
  switch: (name, on) => ask("POST", `switches/${q(name)}`, { on }),
};

/** The names of emoji; the page works without them. */
export async function emojiNames() {
  try {
    const answer = await fetch("/emoji.json");
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}
