const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The repeat of a signal within this time is the same key press, told twice by a shell and a process above us. */
const SAME_PRESS_MS = 500;

/**
 * Turns Ctrl-C and the signals of shells, terminals and service managers into one `AbortSignal`. A reader that closes
 * the pipe behind stdout (`| head`) counts as well: nobody is looking any more.
 */
export function stopOnSignals() {
  const controller = new AbortController();
  let firstAt;
  let whenImpatient = () => undefined;

  const now = () => controller.abort(new Error("stopped"));
  const onSignal = () => {
    firstAt ??= performance.now();
    if (controller.signal.aborted && performance.now() - firstAt > SAME_PRESS_MS) whenImpatient();
    now();
  };
  const onOutputError = (error) => {
    if (error.code !== "EPIPE") throw error;
    now();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  process.stdout.on("error", onOutputError);

  return {
    /** Aborted when the run shall stop. */
    signal: controller.signal,
    /** Stops the run from inside. */
    now,
    /** What to do when somebody asks again because stopping takes too long. */
    onSecondSignal: (action) => {
      whenImpatient = action;
    },
    /** Gives the signals back their usual effect. */
    close: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
