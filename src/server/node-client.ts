import { randomUUID } from "node:crypto";
import type { Agent, IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { json } from "node:stream/consumers";
import type { CacheHealth } from "../cache/health.ts";
import type { CacheStats } from "../cache/stats.ts";
import { InvalidArgumentError, NodeError } from "../foundation/errors.ts";
import type { LiveDocument } from "../observability/live/live-document.ts";
import { toEntityTag } from "./entity-tag.ts";
import { type EntryGlance, readGlance } from "./entry-glance.ts";
import { readLiveStream } from "./live-stream.ts";
import { createNodeAgent, DEFAULT_NODE_TIMEOUT_MS, type NodeClientOptions } from "./node-client-options.ts";
import { refusalOf } from "./node-refusal.ts";
import { type NodeConnection, type NodeRequest, sendNodeRequest, unreachable } from "./node-request.ts";

/** A document comes each second: one that is later by some is no sign of anything. */
const MIN_LIVE_TIMEOUT_MS = 5_000;

/** An entry as a node tells it. */
export interface NodeEntry {
  /** The value; bytes as a `Buffer`, a large integer as a `bigint`. */
  readonly value: unknown;
  /** Whether `value` equals what is stored; false when JSON could only come near, as for a `Date` or a `Map`. */
  readonly exact: boolean;
  readonly version: number;
  /** Remaining ms; `Infinity` when it never expires. */
  readonly ttl: number;
  readonly tags: readonly string[];
}

/** Options of a write through a node. */
export interface NodeSetOptions {
  /** Duration text or ms. Default: the cache's. */
  readonly ttl?: string | number | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Options of counting through a node. */
export interface NodeIncrementOptions {
  readonly ttl?: string | number | undefined;
  readonly initial?: bigint | undefined;
}

/**
 * Talks to a running node over kept connections. Every method rejects with NodeError `GCX_NODE_UNREACHABLE` when nobody
 * answers in time or the certificates do not fit, `GCX_NODE_ACCESS` when the node asks for a token or a role that this client
 * does not have, and `GCX_NODE_REQUEST` when it refuses otherwise; the cause then has the node's own code.
 */
export class NodeClient {
  readonly #options: NodeClientOptions;
  readonly #namespace: string | undefined;
  readonly #timeoutMs: number;
  readonly #agent: Agent;
  /** Whether an answer came: then the node takes this client's certificate. */
  #isAnswered = false;

  constructor(options: NodeClientOptions) {
    this.#options = options;
    this.#namespace = options.namespace;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_NODE_TIMEOUT_MS;
    this.#agent = createNodeAgent(options.tls);
  }

  /** The entry of a key, or `undefined` on a miss. */
  async getEntry(key: string): Promise<NodeEntry | undefined> {
    return this.#call(
      { method: "GET", path: this.#path(`${keyPath(key)}/entry`), repeatable: true },
      async (response) => {
        if (isMiss(response)) return undefined;
        return toEntry((await this.#document(response)) as EntryDocument);
      },
    );
  }

  /** Writes a value: bytes as bytes, everything else as JSON. @returns its version */
  async set(key: string, value: unknown, options: NodeSetOptions = {}): Promise<number> {
    const written = await this.#put(key, value, options, {});
    return written as number;
  }

  /** Writes a value unless the key is there. @returns its version, or `undefined` when there was one */
  async setNX(key: string, value: unknown, options: NodeSetOptions = {}): Promise<number | undefined> {
    return this.#put(key, value, options, { "If-None-Match": "*" });
  }

  async #put(
    key: string,
    value: unknown,
    options: NodeSetOptions,
    headers: Record<string, string>,
  ): Promise<number | undefined> {
    const isBytes = value instanceof Uint8Array;
    const query: [string, string][] = (options.tags ?? []).map((tag) => ["tag", tag]);
    if (options.ttl !== undefined) query.push(["ttl", toTtlText(options.ttl)]);
    const request: NodeRequest = {
      method: "PUT",
      path: this.#path(keyPath(key), query),
      headers: { ...headers, "Content-Type": isBytes ? "application/octet-stream" : "application/json" },
      body: isBytes ? value : Buffer.from(JSON.stringify(value)),
      repeatable: false,
    };
    return this.#call(request, async (response) => {
      if (response.statusCode === 412) return undefined;
      return ((await this.#document(response)) as { version: number }).version;
    });
  }

  /** Removes a key. @returns whether a live entry was there */
  async delete(key: string): Promise<boolean> {
    const request: NodeRequest = { method: "DELETE", path: this.#path(keyPath(key)), repeatable: false };
    return this.#call(request, async (response) => ((await this.#document(response)) as { deleted: boolean }).deleted);
  }

  /** Whether a live entry is there. */
  async exists(key: string): Promise<boolean> {
    return this.#call({ method: "HEAD", path: this.#path(keyPath(key)), repeatable: true }, async (response) => {
      if (isMiss(response)) return false;
      if (response.statusCode !== 200) throw await refusalOf(response);
      return true;
    });
  }

  /** Adds to a counter. An operation id makes it safe to send again when the connection breaks. @returns the sum */
  async increment(key: string, delta: bigint, options: NodeIncrementOptions = {}): Promise<bigint> {
    const { ttl, initial } = options;
    const body = {
      delta: String(delta),
      opId: randomUUID(),
      ...(ttl === undefined ? {} : { ttl: toTtlText(ttl) }),
      ...(initial === undefined ? {} : { initial: String(initial) }),
    };
    const request: NodeRequest = {
      method: "POST",
      path: this.#path(`${keyPath(key)}/increment`),
      headers: { "Content-Type": "application/json" },
      body: Buffer.from(JSON.stringify(body)),
      repeatable: true,
    };
    return this.#call(request, async (response) =>
      BigInt(((await this.#document(response)) as { value: string | number }).value),
    );
  }

  /** The cache's counters. */
  async stats(): Promise<CacheStats> {
    return this.#call({ method: "GET", path: this.#path("/v1/stats"), repeatable: true }, async (response) => {
      return (await this.#document(response)) as CacheStats;
    });
  }

  /** The cache's health, also when it is down. */
  async health(): Promise<CacheHealth> {
    return this.#call({ method: "GET", path: this.#path("/v1/health"), repeatable: true }, async (response) => {
      const isProblem = response.headers["content-type"]?.startsWith("application/problem+json") === true;
      if (response.statusCode === 503 && !isProblem) return (await json(response)) as CacheHealth;
      return (await this.#document(response)) as CacheHealth;
    });
  }

  /** The keys that begin with a prefix. Leaving the loop ends the listing at the node as well. */
  async *keys(prefix: string, limit: number): AsyncGenerator<string> {
    const query: [string, string][] = [];
    if (prefix !== "") query.push(["prefix", prefix]);
    if (Number.isFinite(limit)) query.push(["limit", String(limit)]);
    const stall = new AbortController();
    const timer = setTimeout(() => stall.abort(), this.#timeoutMs);
    const connection = this.#connection(stall.signal);
    let response: IncomingMessage | undefined;
    try {
      response = await sendNodeRequest(connection, {
        method: "GET",
        path: this.#path("/v1/keys", query),
        repeatable: true,
      });
      if (response.statusCode !== 200) throw await refusalOf(response);
      response.on("data", () => timer.refresh());
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY }))
        yield readLine(line);
      if (!response.complete) throw unreachable(connection, undefined);
    } catch (error) {
      throw error instanceof NodeError ? error : unreachable(connection, error);
    } finally {
      clearTimeout(timer);
      response?.destroy();
    }
  }

  /**
   * Looks at a key without asking for a value that is known already.
   *
   * @param knownVersion the version that the caller has seen; `undefined`: none
   */
  async glance(key: string, knownVersion: number | undefined): Promise<EntryGlance> {
    const headers = knownVersion === undefined ? {} : { "If-None-Match": toEntityTag(knownVersion) };
    const request: NodeRequest = { method: "GET", path: this.#path(keyPath(key)), headers, repeatable: true };
    return this.#call(request, async (response) => {
      if (isMiss(response)) return { kind: "absent" };
      if (response.statusCode !== 200 && response.statusCode !== 304) throw await refusalOf(response);
      return readGlance(response);
    });
  }

  /** The value of a key, or `undefined` on a miss. */
  async get(key: string): Promise<unknown> {
    const glance = await this.glance(key, undefined);
    return glance.kind === "entry" ? glance.entry.value : undefined;
  }

  /** Ends every entry of the namespace and of those inside it. */
  async clear(): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    const path = this.#path("/v1/clear");
    await this.#call({ method: "POST", path, headers, body: Buffer.from("{}"), repeatable: true }, async (response) =>
      this.#document(response),
    );
  }

  /** What the node's cache does, again each second, until the node closes or `ended` is aborted. While it lasts the node counts which keys are read most. */
  async *watchLive(ended: AbortSignal): AsyncGenerator<LiveDocument> {
    const stall = new AbortController();
    const timer = setTimeout(() => stall.abort(), Math.max(this.#timeoutMs, MIN_LIVE_TIMEOUT_MS));
    const connection = this.#connection(AbortSignal.any([ended, stall.signal]));
    const headers = { Accept: "text/event-stream" };
    let response: IncomingMessage | undefined;
    try {
      response = await sendNodeRequest(connection, { method: "GET", path: "/v1/live", headers, repeatable: true });
      if (response.statusCode !== 200) throw await refusalOf(response);
      response.on("data", () => timer.refresh());
      yield* readLiveStream(response);
    } catch (error) {
      throw error instanceof NodeError ? error : unreachable(connection, error);
    } finally {
      clearTimeout(timer);
      response?.destroy();
    }
  }

  /** Frees the connections. */
  close(): void {
    this.#agent.destroy();
  }

  #path(path: string, query: readonly (readonly [string, string])[] = []): string {
    const all = this.#namespace === undefined ? query : [...query, ["namespace", this.#namespace] as const];
    const text = all.map(([name, value]) => `${name}=${encodePart(value)}`).join("&");
    return text === "" ? path : `${path}?${text}`;
  }

  #connection(signal: AbortSignal): NodeConnection {
    const { host, port, token, tls, trace } = this.#options;
    const own = { isEncrypted: tls !== undefined, hasCertificate: tls?.cert !== undefined };
    return { host, port, token, trace, ...own, agent: this.#agent, signal, timeoutText: `${this.#timeoutMs} ms` };
  }

  async #call<Answer>(request: NodeRequest, read: (response: IncomingMessage) => Promise<Answer>): Promise<Answer> {
    const connection = this.#connection(AbortSignal.timeout(this.#timeoutMs));
    if (!request.repeatable) await this.#meet(connection);
    const response = await sendNodeRequest(connection, request);
    this.#isAnswered = true;
    try {
      const answer = await read(response);
      // What a reader left (the body of a miss) is thrown away, or the connection could not be used again.
      response.resume();
      return answer;
    } catch (error) {
      throw error instanceof NodeError ? error : unreachable(connection, error);
    }
  }

  /**
   * Asks for nothing, before the first write over TLS. A node that does not take this client's certificate says so after the client has sent its request (TLS 1.3), so
   * that a refused write would look like one of unknown outcome.
   */
  async #meet(connection: NodeConnection): Promise<void> {
    if (!connection.isEncrypted || this.#isAnswered) return;
    const response = await sendNodeRequest(connection, { method: "GET", path: "/healthz", repeatable: true });
    response.resume();
    this.#isAnswered = true;
  }

  async #document(response: IncomingMessage): Promise<unknown> {
    if (response.statusCode !== 200) throw await refusalOf(response);
    if (response.headers["content-type"]?.startsWith("application/json") !== true) {
      throw new NodeError("GCX_NODE_REQUEST", "The answer is not from a gocachex node. Check the address.");
    }
    return json(response);
  }
}

/** A 404 of a node. Another server's 404 means a wrong address, not a miss. */
function isMiss(response: IncomingMessage): boolean {
  return response.statusCode === 404 && response.headers["content-type"] === "application/problem+json";
}

interface EntryDocument {
  readonly value: unknown;
  readonly type: "json" | "bytes" | "bigint";
  readonly exact: boolean;
  readonly version: number;
  readonly ttl: number | "infinity";
  readonly tags: readonly string[];
}

function toEntry({ value, type, exact, version, ttl, tags }: EntryDocument): NodeEntry {
  const decoded =
    type === "bytes" ? Buffer.from(value as string, "base64") : type === "bigint" ? BigInt(value as string) : value;
  return { value: decoded, exact, version, ttl: ttl === "infinity" ? Number.POSITIVE_INFINITY : ttl, tags };
}

function toTtlText(ttl: string | number): string {
  return ttl === Number.POSITIVE_INFINITY ? "infinity" : String(ttl);
}

function keyPath(key: string): string {
  return `/v1/keys/${encodePart(key)}`;
}

function encodePart(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new InvalidArgumentError("GCX_ARGUMENT_KEY", "key", "Text sent to a node must be well-formed Unicode.", {
      cause,
    });
  }
}

function readLine(line: string): string {
  const { key, error } = JSON.parse(line) as { key?: string; error?: { message: string } };
  if (key === undefined)
    throw new NodeError("GCX_NODE_REQUEST", error?.message ?? "The node's listing cannot be read.");
  return key;
}
