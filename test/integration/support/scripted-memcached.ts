import type { ScriptStep } from "./scripted-server.ts";

/** How a scripted Memcached answers a line: the bytes, or `undefined` for what a healthy one would say. */
export type LineAnswer = (line: string) => string | undefined;

/** What a healthy Memcached says to one line; a value behind an `ms` is a line of its own and gets nothing. */
export function healthyAnswer(line: string): string {
  const opaque = / O\d+/.exec(line)?.[0] ?? "";
  if (line.startsWith("version")) return "VERSION 1.6.99\r\n";
  if (line === "stats") return "STAT pid 1\r\nSTAT uptime 100\r\nSTAT time 1100\r\nSTAT total_connections 1\r\nEND\r\n";
  if (line.startsWith("stats ")) return "END\r\n";
  if (line === "mn") return "MN\r\n";
  if (line.startsWith("mg ")) return line.includes(" q") ? "" : `EN${opaque}\r\n`;
  if (line.startsWith("ms ")) return `HD${opaque} c5\r\n`;
  if (/^m[ad] /.test(line)) return `HD${opaque}\r\n`;
  return "";
}

/** Serves a connection as a healthy Memcached would, but for lines to which `answer` says something else. */
export function serveLines(answer: LineAnswer = () => undefined): ScriptStep {
  return {
    kind: "answer-all",
    answer: (received) => {
      if (!received.endsWith("\r\n")) return undefined;
      const lines = received.slice(0, -2).split("\r\n");
      return lines.map((line) => answer(line) ?? healthyAnswer(line)).join("");
    },
  };
}

/** Greets as a healthy Memcached and then follows other steps; the greeting's last line is the trial's last noop. */
export function greeting(): readonly ScriptStep[] {
  return [
    { kind: "expect-match", pattern: /stats settings\r\nmn\r\n[\s\S]*O9\r\nmn\r\n/ },
    {
      kind: "answer",
      bytes: [
        "VERSION 1.6.99\r\nVERSION 1.6.99\r\nSTAT pid 1\r\nSTAT uptime 100\r\nSTAT time 1100\r\nSTAT total_connections 1\r\nEND\r\nMN\r\n",
        "END\r\nMN\r\n",
        ...["EN O1", "HD O2 c5", "VA 2 O3\r\nok", "HD O4 c9", "HD O5", "HD O6", "HD O7", "VA 0 O8 W\r\n", "HD O9"].map(
          (reply) => `${reply}\r\nMN\r\n`,
        ),
      ].join(""),
    },
  ];
}
