/** What stands on a command's line, checked against what the command takes. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** Whether a switch is on. */
  has(name: string): boolean;
  /** The value of an option, or `undefined` when it is not there. */
  text(name: string): string | undefined;
}
