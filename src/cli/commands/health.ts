import type { CacheHealth, HealthStatus } from "../../cache/health.ts";
import { NodeError } from "../../foundation/errors.ts";
import type { Command } from "../command.ts";
import { TARGET_OPTIONS, WATCH_OPTION } from "../common-options.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import type { Colour, Printer } from "../printer.ts";
import { isWatching, viewTarget } from "../watch/repeat-view.ts";

const EXIT_CODE_OF_STATUS: Readonly<Record<HealthStatus, ExitCode>> = {
  up: EXIT_CODES.ok,
  degraded: EXIT_CODES.config,
  down: EXIT_CODES.unreachable,
};

const COLOUR_OF_STATUS: Readonly<Record<HealthStatus, Colour>> = { up: "green", degraded: "yellow", down: "red" };

/** `gocachex health`. */
export const healthCommand: Command = {
  name: "health",
  summary: "tell how the cache and its stores are",
  usage: ["health [options]"],
  details: ["Ends with exit code 0 when up, 3 when degraded, 4 when down or when the node does not answer."],
  positionals: [0, 0],
  positionalNames: [],
  options: [WATCH_OPTION, ...TARGET_OPTIONS],
  examples: [
    ["gocachex health --quiet || alert", "in a script"],
    ["gocachex health --watch", "until it is interrupted"],
  ],
  handlesInterrupts: isWatching,
  run: (invocation) =>
    viewTarget(
      invocation,
      (target) => target.health(),
      (health) => printHealth(invocation.print, health),
    ),
};

async function printHealth(print: Printer, health: CacheHealth): Promise<ExitCode> {
  // What answered may be no node; a status that nobody knows must not end with success.
  if (!Object.hasOwn(EXIT_CODE_OF_STATUS, health.status)) {
    throw new NodeError("GCX_NODE_REQUEST", "The answer is not from a gocachex node. Check the address.");
  }
  if (print.isJson) {
    await print.document(health);
  } else {
    await print.styled(print.paint(COLOUR_OF_STATUS[health.status], health.status));
    for (const { name, status, latencyMs, message } of health.checks) {
      await print.line(
        `  ${name}: ${status} (${Math.round(latencyMs * 10) / 10} ms)${message === undefined ? "" : `: ${message}`}`,
      );
    }
  }
  return EXIT_CODE_OF_STATUS[health.status];
}
