// data_visualization: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
// Every chart is a picture with a name, and a table of the same numbers for those who do not see it.
import { h, newId, s } from "../dom.js";
import { pie } from "./pie.js";
import { numberText } from "./tables.js";

const WIDTH = 560;
const HEIGHT = 240;
const BOX = { left: 52, right: 12, top: 12, bottom: 36 };
const PLOT = { width: WIDTH - BOX.left - BOX.right, height: HEIGHT - BOX.top - BOX.bottom };

/** Round steps that cover the values; 0 is always among them. */
export function scaleOf(values, steps = 4) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const rough = (high - low || 1) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((size) => size >= rough);
  const first = Math.floor(low / step) * step;
  const last = Math.max(Math.ceil(high / step) * step, first + step);
  const ticks = [];
  for (let value = first; value <= last + step / 2; value += step) ticks.push(Number(value.toPrecision(12)));
  return { ticks, low: ticks[0], high: ticks.at(-1) };
}

const valueOf = (series, category) => series.data.find((point) => point.label === category)?.value ?? 0;

function axes(scale, y, categories, x, config) {
  const every = Math.ceil(categories.length / 10);
  return [
    scale.ticks.map((tick) => [
      s("line", { class: tick === 0 ? "axis" : "grid", x1: BOX.left, x2: WIDTH - BOX.right, y1: y(tick), y2: y(tick) }),
      s("text", { class: "tick", x: BOX.left - 8, y: y(tick) + 4, "text-anchor": "end" }, numberText(tick)),
    ]),
    categories.map((name, i) =>
      i % every ? null : s("text", { class: "tick", x: x(i), y: HEIGHT - BOX.bottom + 16, "text-anchor": "middle" }, name)),
    config.x_label ? s("text", { class: "axis-label", x: BOX.left + PLOT.width / 2, y: HEIGHT - 4, "text-anchor": "middle" }, config.x_label) : null,
    config.y_label ? s("text", { class: "axis-label", x: 12, y: BOX.top + PLOT.height / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${BOX.top + PLOT.height / 2})` }, config.y_label) : null,
  ];
}

function bars(chart, categories, y, slot) {
  const gap = slot * 0.24;
  const width = Math.max(1, (slot - gap) / chart.series.length);
  return chart.series.map((series, n) =>
    categories.map((name, i) => {
      const value = valueOf(series, name);
      const top = Math.min(y(value), y(0));
      const bar = s("rect", { class: `fill-${n % 6} pattern`, rx: Math.min(3, width / 3), x: BOX.left + i * slot + gap / 2 + n * width + 0.5, y: top, width: Math.max(1, width - 1), height: Math.max(1, Math.abs(y(value) - y(0))) });
      bar.append(s("title", null, `${series.name}, ${name}: ${numberText(value)}`));
      return bar;
    }));
}

function curves(chart, categories, y, x, filled) {
  return chart.series.map((series, n) => {
    const points = categories.map((name, i) => [x(i), y(valueOf(series, name))]);
    const path = points.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
    const area = `${path}L${points.at(-1)[0].toFixed(1)} ${y(0).toFixed(1)}L${points[0][0].toFixed(1)} ${y(0).toFixed(1)}Z`;
    const dots = points.map(([px, py], i) => {
      const dot = s("circle", { class: `fill-${n % 6}`, cx: px, cy: py, r: filled ? 2.5 : 3.5 });
      dot.append(s("title", null, `${series.name}, ${categories[i]}: ${numberText(valueOf(series, categories[i]))}`));
      return dot;
    });
    return [filled ? s("path", { class: `fill-${n % 6} area`, d: area }) : null, s("path", { class: `stroke-${n % 6} curve dash-${n % 3}`, d: path }), dots];
  });
}

function plot(chart) {
  const { categories } = chart.axis_config;
  const values = chart.series.flatMap((series) => categories.map((name) => valueOf(series, name)));
  const scale = scaleOf(values);
  const y = (value) => BOX.top + PLOT.height * (1 - (value - scale.low) / (scale.high - scale.low));
  const slot = PLOT.width / categories.length;
  const x = (i) => BOX.left + slot * (i + 0.5);
  const drawn = chart.type === "bar" ? bars(chart, categories, y, slot) : curves(chart, categories, y, x, chart.type === "area");
  return [axes(scale, y, categories, x, chart.axis_config), drawn];
}

function legend(names) {
  return h("ul", { class: "legend", "aria-hidden": "true" },
    names.map((name, n) => h("li", null, s("svg", { width: 12, height: 12, viewBox: "0 0 12 12" }, s("rect", { class: `fill-${n % 6}`, width: 12, height: 12, rx: 3 })), h("bdi", null, name))));
}

function numbers(chart, title) {
  const head = chart.type === "pie" ? ["Part", "Value"] : [chart.axis_config.x_label || "", ...chart.series.map((one) => one.name)];
  const rows = chart.type === "pie"
    ? chart.segments.map((part) => [part.label, numberText(part.value)])
    : chart.axis_config.categories.map((name) => [name, ...chart.series.map((one) => numberText(valueOf(one, name)))]);
  return h("details", { class: "numbers" }, h("summary", null, "Show the numbers"),
    h("div", { class: "table-frame", tabindex: 0, role: "group", "aria-label": `Numbers of ${title}` },
      h("table", null,
        h("thead", null, h("tr", null, head.map((text) => h("th", { scope: "col" }, text || h("span", { class: "unseen" }, "Category"))))),
        h("tbody", null, rows.map(([name, ...rest]) => h("tr", null, h("th", { scope: "row" }, h("bdi", null, name)), rest.map((text) => h("td", { class: "align-right" }, text))))))));
}

/** The chart in words: its kind, and the highest and lowest value of each series. */
export function describe(chart) {
  if (chart.type === "pie") return `Pie chart: ${chart.segments.map((part) => `${part.label} ${numberText(part.value)}`).join(", ")}.`;
  const words = chart.series.map((one) => {
    const values = one.data.map((point) => point.value);
    return `${one.name} from ${numberText(Math.min(...values))} to ${numberText(Math.max(...values))}`;
  });
  const { categories } = chart.axis_config;
  return `${chart.type[0].toUpperCase()}${chart.type.slice(1)} chart over ${categories[0]} to ${categories.at(-1)}: ${words.join("; ")}.`;
}

/** @param {any} block */
export function dataVisualization(block) {
  const { chart, title } = block;
  const id = newId("chart");
  const isPie = chart.type === "pie";
  const drawing = s("svg", { class: `chart chart-${chart.type}`, viewBox: isPie ? "0 0 240 240" : `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. ${describe(chart)}` }, isPie ? pie(chart.segments) : plot(chart));
  const names = isPie ? chart.segments.map((part) => part.label) : chart.series.map((one) => one.name);
  return h("figure", { class: `block chart-block${isPie ? " with-pie" : ""}`, "aria-labelledby": id },
    h("figcaption", { id, dir: "auto" }, title), h("div", { class: "chart-row" }, drawing, isPie || names.length > 1 ? legend(names) : null), numbers(chart, title));
}
