import type { CacheStats } from "../../cache/stats.ts";
import { formatByteSize } from "../../foundation/byte-size.ts";
import { formatDuration } from "../../foundation/duration.ts";
import type { Command } from "../command.ts";
import { TARGET_OPTIONS, WATCH_OPTION } from "../common-options.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { isWatching, viewTarget } from "../watch/repeat-view.ts";

/** `gocachex stats`. */
export const statsCommand: Command = {
  name: "stats",
  summary: "print the counters",
  usage: ["stats [options]"],
  positionals: [0, 0],
  positionalNames: [],
  options: [WATCH_OPTION, ...TARGET_OPTIONS],
  examples: [
    ["gocachex stats", "for people"],
    ["gocachex stats --json", "for programs"],
    ["gocachex stats --watch 5", "every five seconds"],
  ],
  handlesInterrupts: isWatching,
  run: (invocation) => {
    const { print } = invocation;
    return viewTarget(
      invocation,
      (target) => target.stats(),
      async (stats) => {
        await (print.isJson ? print.document(stats) : print.line(formatStats(stats)));
        return EXIT_CODES.ok;
      },
    );
  },
};

/** The counters as aligned lines. */
export function formatStats(stats: CacheStats): string {
  const reads = stats.hits + stats.misses;
  const rows: readonly (readonly [string, string])[] = [
    ["reads", String(reads)],
    ["hits", String(stats.hits)],
    ["misses", String(stats.misses)],
    ["hit ratio", reads === 0 ? "-" : `${(stats.hitRatio * 100).toFixed(1)} %`],
    ["sets", String(stats.sets)],
    ["deletes", String(stats.deletes)],
    ["evictions", String(stats.evictions)],
    ["loads", `${stats.loads} (${stats.loadFailures} failed)`],
    ["keys", String(stats.keyCount)],
    ["memory", formatByteSize(stats.memoryUsage)],
    ["uptime", formatDuration(Math.floor(stats.uptime / 1000) * 1000)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
