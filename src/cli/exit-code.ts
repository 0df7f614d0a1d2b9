import type { ErrorCode } from "../foundation/error-codes.ts";
import {
  BackendTimeoutError,
  BackendUnavailableError,
  ConfigError,
  GocachexError,
  InvalidArgumentError,
  NodeError,
} from "../foundation/errors.ts";

/** What the command line ends with. Scripts rely on these: they never change. */
export const EXIT_CODES = {
  ok: 0,
  negative: 1,
  usage: 2,
  config: 3,
  unreachable: 4,
  failed: 5,
  interrupted: 130,
} as const;

/** One of {@link EXIT_CODES}. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The exit codes for people, as `gocachex help exit-codes` prints them. */
export const EXIT_CODE_TEXTS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT_CODES.ok, "done; for health: up"],
  [EXIT_CODES.negative, "not found, not written (--nx), or another negative answer"],
  [EXIT_CODES.usage, "the command line is wrong: unknown command or option, bad argument"],
  [EXIT_CODES.config, "the configuration is wrong; for health: degraded"],
  [EXIT_CODES.unreachable, "the node or a store cannot be reached; for health: down"],
  [EXIT_CODES.failed, "the operation failed"],
  [EXIT_CODES.interrupted, "interrupted (Ctrl+C)"],
];

/** What is told of an error: a stable code and words. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly exitCode: ExitCode;
}

/** Classifies an error. A refusal of a node counts as the error that the node had, so that both ways end alike. */
export function reportOf(error: unknown): ErrorReport {
  const isRefusal = error instanceof NodeError && error.code === "GCX_NODE_REQUEST";
  const known = isRefusal && error.cause instanceof GocachexError ? error.cause : error;
  if (known instanceof GocachexError) return { code: known.code, message: known.message, exitCode: exitCodeOf(known) };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "GCX_CLI_FAILED" satisfies ErrorCode, message, exitCode: EXIT_CODES.failed };
}

function exitCodeOf(error: GocachexError): ExitCode {
  if (error instanceof ConfigError) return EXIT_CODES.config;
  if (error instanceof InvalidArgumentError || error.code.startsWith("GCX_ARGUMENT_")) return EXIT_CODES.usage;
  if (error instanceof BackendUnavailableError || error instanceof BackendTimeoutError) return EXIT_CODES.unreachable;
  const unreachable: readonly string[] = ["GCX_NODE_UNREACHABLE", "GCX_BACKEND_UNAVAILABLE", "GCX_BACKEND_TIMEOUT"];
  return unreachable.includes(error.code) ? EXIT_CODES.unreachable : EXIT_CODES.failed;
}
