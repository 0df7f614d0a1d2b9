import type { Socket } from "node:net";
import { GreetingExchange, type GreetingReply } from "./greeting-exchange.ts";
import type { MemcachedSettings } from "./memcached-settings.ts";
import { findServerFeatures, type ServerFeatures } from "./server-features.ts";
import { readServerIdentity, type ServerIdentity } from "./server-identity.ts";

/** What was learnt of a server when a connection to it was made ready. */
export interface Greeting {
  /** Its version, as it says. */
  readonly version: string;
  /** `undefined`: it does not tell. */
  readonly identity: ServerIdentity | undefined;
  /** `undefined`: it was not asked, for it has the version that is known. */
  readonly features: ServerFeatures | undefined;
  /** Whether it demanded the credentials. */
  readonly isAuthenticated: boolean;
}

/** How to greet. */
export interface GreetingOptions {
  readonly credentials: MemcachedSettings["credentials"];
  /** Version whose features are known; a server that has another one is asked for its own. */
  readonly knownVersion: string | undefined;
  /** A key that nobody else uses; a small item of it may live for some seconds. */
  readonly probeKey: string;
}

/** Why a server cannot be used: a sentence with its remedy. */
export class GreetingRefusal extends Error {}

/**
 * A server of the binary protocol waits for 24 bytes before it does anything, and one that wants a user answers a single line of several:
 * so it is one long line.
 */
const FIRST_QUESTION = `version${" ".repeat(20)}\r\n`;

const HANGS_UP =
  "it closed the connection before the first answer. If it demands SASL (-S), which exists in the binary protocol alone, or was started " +
  'with "-B binary", start it without these; for passwords use a file of users (-Y).';
const MAY_WANT_TLS = " If it speaks TLS, switch memcached.tls on.";
const WANTS_USER =
  "it demands a user. Set memcached.username and memcached.password to an entry of its file of users (-Y).";
const REFUSES_USER =
  "it refuses the user or the password. Compare memcached.username and memcached.password with its file of users (-Y).";
const NO_MEMCACHED = "it does not tell its version, so it is no Memcached. Look at the address.";
const TOO_OLD =
  "its replies do not carry the number of their request, so they cannot be told apart. Use memcached 1.6.18 or newer.";

/**
 * Makes a connection ready: authenticates, asks who the server is, and what it knows.
 *
 * The credentials go to servers that demand some, and to no other: one that does not would store them as an item. That costs a round trip;
 * without credentials all is asked in one.
 *
 * @throws GreetingRefusal, or the socket's error
 */
export async function greetServer(socket: Socket, options: GreetingOptions): Promise<Greeting> {
  const exchange = new GreetingExchange(socket);
  exchange.start();
  try {
    return await greet(exchange, options);
  } catch (error) {
    throw exchange.hasAnswered ? error : explainHangUp(error, "encrypted" in socket);
  } finally {
    exchange.finish();
  }
}

async function greet(exchange: GreetingExchange, options: GreetingOptions): Promise<Greeting> {
  const first = exchange.askLines(FIRST_QUESTION, 1);
  const { credentials, probeKey } = options;
  const isAuthenticated = credentials !== undefined && isUnauthenticated(await first);
  if (isAuthenticated) await authenticate(exchange, credentials);
  const [, lines, asked] = await Promise.all([
    // Fails before the others would wait for ever: a server that wants a user answers no noop.
    first.then((replies) => isAuthenticated || assertVersion(replies)),
    exchange.ask("version\r\nstats\r\n"),
    options.knownVersion === undefined ? findServerFeatures(exchange, probeKey) : undefined,
  ]);
  const stats = readStats(lines);
  const version = stats.get("VERSION") ?? "";
  if (version === "") throw new GreetingRefusal(NO_MEMCACHED);
  const isKnown = asked !== undefined || version === options.knownVersion;
  const features = isKnown ? asked : await findServerFeatures(exchange, probeKey);
  if (features?.found["opaque"] === false) throw new GreetingRefusal(TOO_OLD);
  exchange.assertFinished();
  return { version, identity: readServerIdentity(stats), features, isAuthenticated };
}

/** A connection that is closed before the first answer is one of another protocol. */
function explainHangUp(error: unknown, isEncrypted: boolean): unknown {
  const isHangUp = error instanceof Error && /closed the connection|ECONNRESET|EPIPE/.test(error.message);
  if (!isHangUp) return error;
  return new GreetingRefusal(isEncrypted ? HANGS_UP : HANGS_UP + MAY_WANT_TLS, { cause: error });
}

async function authenticate(
  exchange: GreetingExchange,
  { username, password }: NonNullable<MemcachedSettings["credentials"]>,
): Promise<void> {
  const text = `${username} ${password}`;
  const command = `set user 0 0 ${Buffer.byteLength(text)}\r\n${text}\r\n`;
  const [reply] = await exchange.askLines(command, 1);
  if (reply?.kind !== "line" || reply.line !== "STORED") throw new GreetingRefusal(REFUSES_USER);
}

function isUnauthenticated(replies: readonly GreetingReply[]): boolean {
  const [reply] = replies;
  return reply?.kind === "error" && reply.error.message.includes("unauthenticated");
}

function assertVersion(replies: readonly GreetingReply[]): void {
  if (isUnauthenticated(replies)) throw new GreetingRefusal(WANTS_USER);
  const [reply] = replies;
  if (reply?.kind !== "line" || !reply.line.startsWith("VERSION ")) throw new GreetingRefusal(NO_MEMCACHED);
}

/** Statistics by name, and the version under `VERSION`. */
export function readStats(replies: readonly GreetingReply[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const reply of replies) {
    const match = reply.kind === "line" ? /^(?:STAT )?(\S+) (.*)$/.exec(reply.line) : null;
    if (match !== null) values.set(match[1] as string, match[2] as string);
  }
  return values;
}
