import type { Command } from "../command.ts";
import { GENERAL_OPTIONS } from "../common-options.ts";
import type { OptionSpec } from "../option-spec.ts";

/** A shell that a script can be written for. */
export type Shell = "bash" | "zsh" | "fish";

/** All shells, for messages. */
export const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** What a word of the line may be. */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" }
  | { readonly kind: "nothing" };

/** What can be said after a command. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** Its positional arguments; keys are nobody's to guess. */
  readonly positional: Completion;
}

/** An option of a command. */
export interface CompletedOption extends Pick<OptionSpec, "name" | "short" | "description"> {
  /** Its value; `undefined`: it has none, or may do without. */
  readonly value: Completion | undefined;
}

/** What scripts for shells are made of, from the table of commands. */
export function toCompletionTable(commands: readonly Command[]): readonly CompletedCommand[] {
  return commands.map((command) => ({
    name: command.name,
    summary: command.summary,
    options: [...command.options, ...GENERAL_OPTIONS].map(toOption),
    positional: positionalOf(command),
  }));
}

function toOption({ name, short, description, value, bareValue, choices }: OptionSpec): CompletedOption {
  const isRequired = value !== undefined && bareValue === undefined;
  return {
    name,
    description,
    ...(short === undefined ? {} : { short }),
    value: isRequired ? valueCompletion(value, choices) : undefined,
  };
}

function valueCompletion(value: string, choices: readonly string[] | undefined): Completion {
  if (choices !== undefined) return { kind: "words", words: choices };
  return /FILE|MODULE/.test(value) ? { kind: "files" } : { kind: "nothing" };
}

function positionalOf({ positionalNames, choices }: Command): Completion {
  if (choices !== undefined) return { kind: "words", words: choices };
  return positionalNames.some((name) => /FILE|TRACE/.test(name)) ? { kind: "files" } : { kind: "nothing" };
}
