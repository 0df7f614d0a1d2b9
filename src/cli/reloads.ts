import type { Cache } from "../cache/cache.ts";
import type { CacheConfig } from "../config/cache-config.ts";
import { reconfigureCache } from "../reconfigure-cache.ts";
import type { Invocation } from "./command.ts";
import { reportOf } from "./exit-code.ts";
import { loadCliConfig } from "./open-target.ts";

/**
 * Reads the configuration again whenever the process is asked to, and says what became of it. One that cannot be read, or is refused, changes nothing. Requests that come while one is
 * being read are one more reading after it.
 *
 * @param prepare what the command does to each configuration before it is used
 * @returns a function that stops
 */
export function watchReloads(
  { args, io, print }: Invocation,
  cache: Cache,
  prepare: (config: CacheConfig) => CacheConfig,
): () => void {
  let isReading = false;
  let isWanted = false;
  const read = async (): Promise<void> => {
    try {
      const { applied, restart } = reconfigureCache(cache, prepare(await loadCliConfig(args, io)));
      const parts = [
        ...(applied.length > 0 ? [`now in force: ${applied.join(", ")}`] : []),
        ...(restart.length > 0 ? [`needs a restart: ${restart.join(", ")}`] : []),
      ];
      await print.note(
        `The configuration was read again; ${parts.length === 0 ? "nothing has changed" : parts.join("; ")}.`,
      );
    } catch (error) {
      await print.note(`The configuration was read again and refused, nothing has changed: ${reportOf(error).message}`);
    }
  };
  const reload = async (): Promise<void> => {
    isWanted = true;
    if (isReading) return;
    isReading = true;
    while (isWanted) {
      isWanted = false;
      // Who reads the notes may have gone; the node goes on.
      await read().catch(() => undefined);
    }
    isReading = false;
  };
  return io.onReload(() => void reload());
}
