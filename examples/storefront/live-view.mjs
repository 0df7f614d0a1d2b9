import { renderFrame, renderLine } from "./frame.mjs";

const FRAME_PAUSE_MS = 250;
const LINE_PAUSE_MS = 1_000;

/** Escape sequences, https://invisible-island.net/xterm/ctlseqs/ctlseqs.html */
const ENTER_SCREEN = "\u001b[?1049h\u001b[?25l";
const LEAVE_SCREEN = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_REST_OF_LINE = "\u001b[K";
const CLEAR_REST_OF_SCREEN = "\u001b[J";

const style = (code) => (text) => `\u001b[${code}m${text}\u001b[0m`;
const PAINT = { bold: style("1"), dim: style("2"), good: style("32"), bad: style("31") };

/**
 * Shows the run while it goes: a screen redrawn four times a second on a terminal, else a line a second.
 *
 * The screen is the terminal's second one, so what stood in the terminal comes back when the view closes. A frame is
 * one write that overwrites the last one in place; nothing is cleared first, so nothing flickers.
 *
 * @param {{
 *   output: import("node:tty").WriteStream,
 *   isInteractive: boolean,
 *   snapshot: () => import("./snapshot.mjs").Snapshot,
 * }} options
 * @returns {{ close: () => void }} `close` restores the terminal; repeatable
 */
export function openLiveView({ output, isInteractive, snapshot }) {
  if (!isInteractive) {
    const timer = setInterval(() => output.write(`${renderLine(snapshot())}\n`), LINE_PAUSE_MS);
    return { close: () => clearInterval(timer) };
  }
  const draw = () => output.write(toScreen(renderFrame(snapshot(), PAINT), output.rows ?? 24));
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    clearInterval(timer);
    output.off("resize", draw);
    process.off("exit", close);
    output.write(LEAVE_SCREEN);
  };
  output.write(ENTER_SCREEN);
  output.on("resize", draw);
  // Whatever ends the process, the cursor comes back.
  process.on("exit", close);
  const timer = setInterval(draw, FRAME_PAUSE_MS);
  draw();
  return { close };
}

/** Lines that the terminal has no room for are left out: a scrolled screen would not be overwritten in place. */
function toScreen(lines, rowCount) {
  const shown = lines.slice(0, Math.max(1, rowCount - 1));
  return HOME + shown.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join("") + CLEAR_REST_OF_SCREEN;
}

/** Whether the live screen suits this output: a terminal that understands escape sequences, and colour is wanted. */
export function isInteractiveOutput(output, env) {
  return output.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}
