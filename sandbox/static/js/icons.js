// The page's own icons: strokes on a 20 by 20 grid, drawn in the colour of the text around them.
import { s } from "./dom.js";

const PATHS = {
  hash: ["M7.5 3 6 17", "M14 3l-1.5 14", "M3.5 7.5h13.5", "M3 12.5h13.5"],
  lock: ["M5 9.5h10v7H5z", "M7 9.5V6.5a3 3 0 0 1 6 0v3"],
  home: ["M3.5 9 10 3.5 16.500 9", "M5 8v8.500h10V8", "M8.500 16.500v-4h3v4"],
  chat: ["M3.500 5h13v9h-7l-3.500 3v-3h-2.500z"],
  thread: ["M4 4.500h12v8.500H9.500L6.500 16v-3H4z", "M7 7.500h6", "M7 10h4"],
  more: ["M5 10h.01", "M10 10h.01", "M15 10h.01"],
  dots: ["M10 5v.01", "M10 10v.01", "M10 15v.01"],
  bolt: ["M11 2.500 4.500 11.500H9.500L8.500 17.500 15.500 8.500H10.500z"],
  send: ["M3.500 4 17 10 3.500 16 5.500 10z", "M5.500 10H11"],
  close: ["M5 5l10 10", "M15 5 5 15"],
  back: ["M12 4.500 6.500 10l5.500 5.500"],
  down: ["M5.500 8l4.500 4.500L14.500 8"],
  right: ["M8 5.500l4.500 4.500L8 14.500"],
  up: ["M5.500 12l4.500-4.500 4.500 4.500"],
  eye: ["M2.500 10S5.500 5 10 5s7.500 5 7.500 5-3 5-7.500 5-7.500-5-7.500-5z", "M10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"],
  file: ["M5.500 3h6l3.500 3.500V17h-9.500z", "M11.500 3v3.500H15"],
  download: ["M10 3.500v9", "M6.500 9 10 12.500 13.500 9", "M4 16h12"],
  upload: ["M10 12.500v-9", "M6.500 7 10 3.500 13.500 7", "M4 16h12"],
  warning: ["M10 3.500 17.500 16.500h-15z", "M10 8.500v3.500", "M10 14.300v.01"],
  check: ["M4.500 10.500l3.500 3.500 7.500-8"],
  menu: ["M3.500 6h13", "M3.500 10h13", "M3.500 14h13"],
  image: ["M3.500 4.500h13v11h-13z", "M3.500 13l4-4 3.500 3.500 2-2 3.500 3.500", "M13 7.500h.01"],
  plus: ["M10 4.500v11", "M4.500 10h11"],
  gauge: ["M3.500 14.500a7 7 0 1 1 13 0", "M10 12.500 13 8"],
  people: ["M7.500 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z", "M3 16c0-2.500 2-4.500 4.500-4.500S12 13.500 12 16", "M12.500 5a2.300 2.300 0 0 1 0 4.500", "M14 11.800c1.800.5 3 2.200 3 4.200"],
  slash: ["M4 3.500h12v13H4z", "M11.500 6.500l-3 7"],
  bookmark: ["M6 3.500h8v13L10 13.500 6 16.500z"],
  open: ["M8 4.500H4.500v11h11V12", "M11.500 4h4.500v4.500", "M16 4 9.500 10.500"],
};

/**
 * @param {keyof typeof PATHS} name
 * @param {number} [size] pixels
 */
export function icon(name, size = 18) {
  const paths = PATHS[name] ?? PATHS.more;
  const thick = name === "more" || name === "dots" ? 2.400 : 1.600;
  return s(
    "svg",
    { class: "icon", viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true", focusable: "false",
      fill: "none", stroke: "currentColor", "stroke-width": thick, "stroke-linecap": "round", "stroke-linejoin": "round" },
    paths.map((d) => s("path", { d })),
  );
}
