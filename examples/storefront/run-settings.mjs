/** Port of the node when RUN_PORT says nothing. */
const DEFAULT_PORT = 7_411;
const HIGHEST_PORT = 65_535;
/** One day; also keeps the time within what timers can wait. */
const HIGHEST_SECONDS = 86_400;

/** A setting that cannot be used. The message says which, why, and what would do. */
export class SettingError extends Error {}

/**
 * Reads what `make run` can be told by the environment. Empty means unset.
 *
 * @param {Record<string, string | undefined>} env `RUN_PORT`: 0 to 65535, 0 takes any free port; default 7411.
 *   `RUN_SECONDS`: above 0, up to a day; default: until Ctrl-C
 * @returns {{ port: number, runSeconds: number | undefined }}
 * @throws {SettingError}
 */
export function readRunSettings(env) {
  return { port: readPort(env.RUN_PORT), runSeconds: readSeconds(env.RUN_SECONDS) };
}

function readPort(text) {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (/^[0-9]+$/.test(text) && port <= HIGHEST_PORT) return port;
  throw new SettingError(
    `RUN_PORT is ${quote(text)}; it must be a port from 0 to ${HIGHEST_PORT}, for example RUN_PORT=7500.`,
  );
}

function readSeconds(text) {
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text);
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && seconds > 0 && seconds <= HIGHEST_SECONDS) return seconds;
  throw new SettingError(
    `RUN_SECONDS is ${quote(text)}; it must be a number of seconds above 0 and up to ${HIGHEST_SECONDS}, for example RUN_SECONDS=10.`,
  );
}

function quote(text) {
  return JSON.stringify(text.slice(0, 40));
}
