/** What a Redis URL says. */
export interface RedisUrl {
  readonly isEncrypted: boolean;
  /** `host:port`. */
  readonly address: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

const DEFAULT_PORT = 6_379;
const MAX_DB = 65_535;

/**
 * Takes apart `redis[s]://[user[:password]@]host[:port][/db]`; user and password are percent-encoded.
 *
 * Source: https://www.iana.org/assignments/uri-schemes/prov/redis
 * @returns its parts, or what is wrong with it as a sentence's end that shows nothing of the URL
 */
export function parseRedisUrl(text: string): RedisUrl | string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is no URL. Write redis://user:password@host:port/db, with special characters percent-encoded.";
  }
  if (url.hostname === "") return "names no host.";
  if (url.search !== "" || url.hash !== "") {
    return "has parameters after ? or #, which would have no effect. Use the fields of the section instead.";
  }
  const path = url.pathname.replace(/^\//, "");
  const db = path === "" ? 0 : Number(path);
  if (!/^\d*$/.test(path) || db > MAX_DB)
    return `must end with the number of a database from 0 to ${MAX_DB}, or without one.`;
  const username = decode(url.username);
  const password = decode(url.password);
  if (username === false || password === false)
    return "has a % in its user or password that is not percent-encoded (%25).";
  return {
    isEncrypted: url.protocol === "rediss:",
    address: `${url.hostname}:${url.port === "" ? DEFAULT_PORT : url.port}`,
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
    db,
  };
}

function decode(text: string): string | false {
  try {
    return decodeURIComponent(text);
  } catch {
    return false;
  }
}
