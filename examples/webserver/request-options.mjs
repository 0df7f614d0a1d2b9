/** A request that cannot be understood. */
export class BadRequestError extends Error {
  name = "BadRequestError";
}

const readDuration = (text) => (text === "false" ? false : text);
const readNumber = (text) => (text === "false" ? false : Number(text));
const readFlag = (text) => text === "true";

const READERS = {
  ttl: readDuration,
  grace: readDuration,
  staleWhileRevalidate: readDuration,
  softTimeout: readDuration,
  hardTimeout: readDuration,
  negativeTtl: readDuration,
  errorTtl: readDuration,
  refreshAhead: readNumber,
  earlyRefresh: readNumber,
  jitter: readNumber,
  forceFresh: readFlag,
  distributedSingleFlight: readFlag,
};

/**
 * The options of `getOrSet` that a request asks for: `?ttl=10s&grace=false&refreshAhead=0.8&lease=2s`. What it does not name keeps its default;
 * what the cache does not accept, it refuses itself.
 *
 * @param {URLSearchParams} query
 * @param {AbortSignal} signal aborted when the client has gone
 * @returns {import("gocachex").GetOrSetOptions}
 */
export function readOptions(query, signal) {
  const options = { signal };
  for (const [name, text] of query) {
    if (name === "ids") continue;
    if (name === "lease") {
      options.distributedSingleFlight = { lease: text };
      continue;
    }
    if (!Object.hasOwn(READERS, name)) throw new BadRequestError(`There is no option "${name}".`);
    options[name] = READERS[name](text);
  }
  return options;
}

/** A product's id out of text. */
export function readId(text) {
  const id = Number(text);
  if (Number.isSafeInteger(id) && id > 0) return id;
  throw new BadRequestError(`"${text}" is no product's id.`);
}
