/** An option of a command. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** What the value is called in the help, for example `"DURATION"`; absent: the option is a switch. */
  readonly value?: string;
  /** One line for the help, with the default. */
  readonly description: string;
}
