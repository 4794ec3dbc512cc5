// One pass over a text with several patterns: each pattern is searched again only once its last find lies behind.

/**
 * @param {string} text
 * @param {{find: RegExp, make: (match: RegExpExecArray) => any}[]} rules each `find` has the flag g
 * @param {(text: string) => any} plain what becomes of the text between
 */
export function scan(text, rules, plain) {
  const out = [];
  const found = rules.map(() => undefined);
  let at = 0;
  for (;;) {
    let first = -1;
    rules.forEach(({ find }, index) => {
      if (found[index] === undefined || (found[index] && found[index].index < at)) {
        find.lastIndex = at;
        found[index] = find.exec(text);
      }
      if (found[index] && (first < 0 || found[index].index < found[first].index)) first = index;
    });
    if (first < 0) return [...out, plain(text.slice(at))];
    const match = found[first];
    if (match.index > at) out.push(plain(text.slice(at, match.index)));
    at = match.index + match[0].length;
    out.push(rules[first].make(match));
  }
}
