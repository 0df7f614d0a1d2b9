/** A group of statistics is a word or a few: anything else could be another command. */
const GROUP = /^[a-z]{1,32}(?: [a-z0-9_]{1,32}){0,2}$/;

/** The lines of `stats` as they come in. */
export class StatsLines {
  /** The command with its line end. */
  readonly command: string;
  readonly values: Map<string, string> = new Map();

  /** @throws TypeError for a group that no server has */
  constructor(group: string | undefined) {
    if (group !== undefined && !GROUP.test(group)) throw new TypeError(`"${group}" is no group of statistics.`);
    this.command = group === undefined ? "stats\r\n" : `stats ${group}\r\n`;
  }

  /** Forgets what came, before it is asked anew. */
  restart(): void {
    this.values.clear();
  }

  /** @returns whether it was the last line; `undefined` when it is no line of statistics */
  accept(line: string): boolean | undefined {
    if (line === "END" || line === "RESET" || line === "OK") return true;
    const match = /^STAT (\S+) ?(.*)$/.exec(line);
    if (match === null) return undefined;
    this.values.set(match[1] as string, match[2] as string);
    return false;
  }
}
