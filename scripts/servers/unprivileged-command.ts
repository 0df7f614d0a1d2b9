import process from "node:process";
import { findExecutable } from "./find-executable.ts";

/** A program and what it is told. */
export interface ProgramCall {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** An account that owns nothing (`nobody`). */
export const UNPRIVILEGED_ID = 65_534;

/** Whether we are root, for whom some servers refuse to run. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The call that runs a program as `nobody` when we are root, else the call itself. `setpriv` replaces itself by the program, so that the process id is the
 * program's.
 *
 * @throws Error when we are root and there is no `setpriv`
 */
export function asUnprivileged(call: ProgramCall): ProgramCall {
  if (!isRoot()) return call;
  const setpriv = findExecutable("setpriv");
  if (setpriv === undefined)
    throw new Error(`${call.program} does not run as root, and setpriv (util-linux) is missing.`);
  const id = String(UNPRIVILEGED_ID);
  const account = [`--reuid=${id}`, `--regid=${id}`, "--clear-groups"];
  return { program: setpriv, arguments: [...account, call.program, ...call.arguments] };
}
