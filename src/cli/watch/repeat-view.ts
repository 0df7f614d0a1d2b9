import type { CacheTarget } from "../cache-target.ts";
import { BrokenPipe } from "../cli-io.ts";
import type { Invocation } from "../command.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { runUntilInterrupted } from "../interrupts.ts";
import { withTarget } from "../open-target.ts";
import { secondsOption } from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";
import { ENDED, pauseUnless, unlessEnded } from "../pause.ts";
import { createOutageNotes } from "./outage-notes.ts";

/** Home, and erase what is below: flickers less than erasing everything first. */
const REDRAW = "\u001b[H\u001b[J";

/** Whether the command line asks for repetition. Such a command waits for signals by itself. */
export function isWatching(args: ParsedArguments): boolean {
  return args.has("watch");
}

/**
 * Prints something of a target once, or with `--watch` until it is interrupted: on a terminal in place, else one after the other, with an empty line between. With `--json`
 * each time is one document on one line.
 *
 * @param read what is asked; the first time must succeed
 * @param show prints it
 * @returns what `show` returned; 0 when a repetition was interrupted
 */
export async function viewTarget<View>(
  invocation: Invocation,
  read: (target: CacheTarget) => Promise<View>,
  show: (view: View) => Promise<ExitCode>,
): Promise<ExitCode> {
  if (!isWatching(invocation.args)) return show(await withTarget(invocation, read));
  return runUntilInterrupted(invocation.io, (ended) =>
    withTarget(invocation, async (target) => {
      await repeat(invocation, ended, () => read(target), show);
      return EXIT_CODES.ok;
    }),
  );
}

async function repeat<View>(
  { print, args }: Invocation,
  ended: AbortSignal,
  read: () => Promise<View>,
  show: (view: View) => Promise<ExitCode>,
): Promise<void> {
  const isInPlace = print.isTerminal && !print.isJson;
  await askRepeatedly({ print, args, ended }, read, async (view, isFirst) => {
    if (isInPlace) await print.raw(REDRAW);
    else if (!(isFirst || print.isJson)) await print.line("");
    await show(view);
  });
}

/**
 * Asks again and again, as `--watch` says, until the end. Failures after the first answer are told once and tried again.
 *
 * @throws what the first question fails with, and `onView`'s broken pipe
 */
export async function askRepeatedly<View>(
  { print, args, ended }: Pick<Invocation, "print" | "args"> & { readonly ended: AbortSignal },
  read: () => Promise<View>,
  onView: (view: View, isFirst: boolean) => Promise<void>,
): Promise<void> {
  const intervalMs = secondsOption(args, "watch") as number;
  const outage = createOutageNotes(print.note);
  let isFirst = true;
  do {
    try {
      const view = await unlessEnded(ended, read());
      if (view === ENDED) return;
      await outage.answered();
      await onView(view, isFirst);
      isFirst = false;
    } catch (error) {
      if (isFirst || error === BrokenPipe) throw error;
      await outage.failed(error);
    }
  } while (await pauseUnless(ended, intervalMs));
}
