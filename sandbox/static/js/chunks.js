// Long lists are kept in chunks: the browser leaves out those that are off the screen, one check for fifty messages.
import { h } from "./dom.js";

const SIZE = 50;

/** Make the children of `parent` from `first` on those in `wanted`, moving none that stands right. */
export function align(parent, wanted, first = parent.firstChild) {
  const keep = new Set(wanted);
  for (let node = first; node; ) {
    const next = node.nextSibling;
    if (!keep.has(node)) {
      if (node === first) first = next;
      node.remove();
    }
    node = next;
  }
  let cursor = first;
  for (const node of wanted) {
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
}

export function createChunks() {
  let chunkOf = new Map();
  let boxes = new Map();
  let made = 0;

  /** Give each timestamp a chunk; what has one keeps it. */
  function assign(stamps) {
    const lastKnown = stamps.findLastIndex((ts) => chunkOf.has(ts));
    const next = new Map();
    let at = null;
    let size = 0;
    stamps.forEach((ts, index) => {
      let chunk = chunkOf.get(ts);
      const inside = at !== null && index < lastKnown && next.size && chunkOf.get(stamps[index - 1]) === at;
      if (chunk === undefined) chunk = at !== null && (size < SIZE || inside) ? at : (made += 1);
      size = chunk === at ? size + 1 : 1;
      at = chunk;
      next.set(ts, chunk);
    });
    chunkOf = next;
  }

  return {
    reset() {
      chunkOf = new Map();
      boxes = new Map();
    },
    /**
     * Put the rows into the list.
     * @param {{ts: string, node: Node}[]} rows in order; dividers carry the timestamp of the message after them
     * @param {Element} list @param {Node | null} after what stands before the first chunk
     */
    place(rows, list, after) {
      assign([...new Set(rows.map((row) => row.ts))]);
      const groups = new Map();
      for (const { ts, node } of rows) {
        const chunk = chunkOf.get(ts);
        if (!groups.has(chunk)) groups.set(chunk, []);
        groups.get(chunk).push(node);
      }
      boxes = new Map([...groups.keys()].map((chunk) => [chunk, boxes.get(chunk) ?? h("div", { class: "chunk" })]));
      for (const [chunk, nodes] of groups) align(boxes.get(chunk), nodes);
      align(list, [...boxes.values()], after ? after.nextSibling : list.firstChild);
    },
  };
}
