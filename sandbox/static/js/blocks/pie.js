// The pie of a chart block.
import { s } from "../dom.js";

const CENTRE = 120;
const RADIUS = 108;

const point = (turn, radius = RADIUS) => [CENTRE + radius * Math.sin(turn * 2 * Math.PI), CENTRE - radius * Math.cos(turn * 2 * Math.PI)];
const pair = ([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`;

function wedge(from, to) {
  const large = to - from > 0.5 ? 1 : 0;
  return `M${CENTRE} ${CENTRE}L${pair(point(from))}A${RADIUS} ${RADIUS} 0 ${large} 1 ${pair(point(to))}Z`;
}

/** @param {{label: string, value: number}[]} segments */
export function pie(segments) {
  const total = segments.reduce((sum, part) => sum + part.value, 0);
  let at = 0;
  return segments.map((part, n) => {
    const share = part.value / total;
    const shape = share > 0.9999
      ? s("circle", { class: `fill-${n % 6} slice`, cx: CENTRE, cy: CENTRE, r: RADIUS })
      : s("path", { class: `fill-${n % 6} slice`, d: wedge(at, at + share) });
    const percent = `${Math.round(share * 100)} %`;
    shape.append(s("title", null, `${part.label}: ${part.value} (${percent})`));
    const [x, y] = point(at + share / 2, RADIUS * 0.66);
    at += share;
    return [shape, share > 0.06 ? s("text", { class: "slice-label", x, y: y + 4, "text-anchor": "middle" }, percent) : null];
  });
}
