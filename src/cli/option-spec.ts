/** An option of a command. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** What the value is called in the help, for example `"DURATION"`; absent: the option is a switch. */
  readonly value?: string;
  /**
   * What the option means without a value, for example `"2"`; absent: it needs one. The next argument is then its value only when that is a
   * number, with or without a unit of time: `--watch 5 KEY`, but `--watch KEY`.
   */
  readonly bareValue?: string;
  /** Whether its value is a secret, which no message repeats. Default: false. */
  readonly isSecret?: boolean;
  /** The values that it takes, where they are few words. */
  readonly choices?: readonly string[];
  /** One line for the help, with the default. */
  readonly description: string;
}
