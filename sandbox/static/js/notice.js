// Words of the workspace itself: what went wrong, what could not be sent.
import { h, iconButton } from "./dom.js";
import { icon } from "./icons.js";

const SECONDS = 12;

/** Say something that needs attention; it goes by itself after a while, or when it is dismissed. */
export function notice(text, kind = "problem") {
  const box = h("div", { class: `notice ${kind}`, role: kind === "problem" ? "alert" : "status" }, icon(kind === "problem" ? "warning" : "check"), h("span", { dir: "auto" }, text));
  const end = () => box.remove();
  box.append(iconButton(icon("close", 16), "Dismiss", end));
  const dialogs = [...document.querySelectorAll("dialog[open]")];
  (dialogs.at(-1)?.querySelector(".dialog-head") ?? document.getElementById("notices")).append(box);
  setTimeout(end, SECONDS * 1000);
}
