import { ConfigError } from "../../../foundation/errors.ts";
import type { RedisArgument } from "../redis-client.ts";
import type { OpenRedisLine, RedisLine, RedisLineEvents } from "../redis-line.ts";
import { openForeignLine } from "./foreign-line.ts";
import type { ForeignRedis } from "./foreign-redis.ts";

interface IoredisOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly keyPrefix?: string;
  readonly maxRetriesPerRequest?: number | null;
  readonly autoResendUnfulfilledCommands?: boolean;
  readonly enableOfflineQueue?: boolean;
  readonly stringNumbers?: boolean;
  readonly redisOptions?: IoredisOptions;
}

interface Plain {
  readonly status: string;
  readonly options: IoredisOptions;
  connect(): Promise<unknown>;
  once(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
  callBuffer(command: RedisArgument, ...args: readonly RedisArgument[]): Promise<unknown>;
  duplicate(overrides: object): Duplicate;
}

interface Duplicate extends Plain {
  readonly stream?: { unref?(): void } | undefined;
  on(event: "error" | "close", listener: (error?: unknown) => void): unknown;
  on(event: "messageBuffer" | "smessageBuffer", listener: (channel: Buffer, message: Buffer) => void): unknown;
  subscribe(...channels: readonly string[]): Promise<unknown>;
  ssubscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

interface Cluster extends Plain {
  readonly slots?: readonly (readonly string[] | undefined)[];
  nodes(role: "master"): readonly Plain[];
  refreshSlotsCache(callback: (error?: unknown) => void): void;
}

/** Recognizes a `Redis` or `Cluster` of ioredis or iovalkey by its shape; `undefined` for anything else. @throws ConfigError for a key prefix */
export function adoptIoredis(client: object): ForeignRedis | undefined {
  const shape = client as Partial<Record<string, unknown>>;
  const isIoredis = typeof shape["callBuffer"] === "function" && typeof shape["status"] === "string";
  if (!isIoredis || typeof shape["options"] !== "object") return undefined;
  const options = shape["options"] as IoredisOptions;
  if ((options.keyPrefix ?? options.redisOptions?.keyPrefix ?? "") !== "") {
    // It changes the keys of commands, but not what SCAN finds nor what a script makes of its keys.
    throw new ConfigError(
      "GCX_CONFIG_INVALID",
      "redis.client",
      "redis.client: a client of ioredis with a keyPrefix cannot be used. Give it no prefix, and use a namespace of the cache.",
    );
  }
  return shape["isCluster"] === true ? adoptCluster(client as Cluster) : adoptPlain(client as Plain);
}

function adoptPlain(client: Plain): ForeignRedis {
  const { maxRetriesPerRequest, autoResendUnfulfilledCommands } = client.options;
  const resendsCommands = autoResendUnfulfilledCommands !== false && maxRetriesPerRequest !== 0;
  const warnings = sharedWarnings(client.options);
  if (resendsCommands) {
    warnings.push(
      "This client of ioredis sends commands again after their replies were lost, so a write may be done twice; counters are safe with an opId only. Create it with maxRetriesPerRequest: 0.",
    );
  }
  const send = (args: readonly RedisArgument[]): Promise<unknown> => call(client, args);
  const address = addressOf(client.options);
  return {
    library: "ioredis",
    topology: "single",
    resendsCommands,
    warnings,
    connect: () => waitUntilReady(client),
    send: (_slot, args) => send(args),
    listen: (...call) => listenLike(client, subscribe, ...call),
    primaries: () => [{ address, send }],
    addressOfSlot: () => address,
  };
}

function adoptCluster(client: Cluster): ForeignRedis {
  return {
    library: "ioredis cluster",
    topology: "cluster",
    resendsCommands: true,
    warnings: [
      ...sharedWarnings(client.options.redisOptions ?? {}),
      "The cluster client of ioredis sends commands again after a connection was lost, so a write may be done twice; counters are safe with an opId only. Let the store connect by itself instead.",
    ],
    connect: () => waitUntilReady(client),
    send: (_slot, args) => call(client, args),
    listen: async (...parameters) => {
      const [node] = client.nodes("master");
      if (node === undefined) throw new Error("the cluster has no primary");
      return listenLike(node, subscribe, ...parameters);
    },
    shardLines: {
      addressOfSlot: (slot) => client.slots?.[slot]?.[0] ?? "",
      refresh: () =>
        new Promise((resolve, reject) => {
          client.refreshSlotsCache((error) => (error ? reject(error) : resolve()));
        }),
      lineTo:
        (address) =>
        async (...parameters) => {
          const node = client.nodes("master").find(({ options }) => addressOf(options) === address);
          if (node === undefined) throw new Error(`${address} is no primary of the cluster`);
          return listenLike(node, subscribeShards, ...parameters);
        },
    },
    primaries: () =>
      client.nodes("master").map((node) => ({ address: addressOf(node.options), send: (args) => call(node, args) })),
    addressOfSlot: (slot) => client.slots?.[slot]?.[0] ?? "",
  };
}

function call(client: Plain, [command, ...args]: readonly RedisArgument[]): Promise<unknown> {
  return client.callBuffer(command as RedisArgument, ...args);
}

/** Nothing comes back by itself, and nothing is kept for later. */
const ONCE: object = {
  lazyConnect: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResubscribe: false,
};

/** A line over a connection like a client's. */
function listenLike(
  client: Plain,
  hear: (own: Duplicate, channels: readonly string[], events: RedisLineEvents) => Promise<unknown>,
  ...[channels, events, signal]: Parameters<OpenRedisLine>
): Promise<RedisLine> {
  const own = client.duplicate(ONCE);
  const start = async (): Promise<void> => {
    await own.connect();
    own.stream?.unref?.();
    await hear(own, channels, events);
  };
  const onLost = (listener: (error: unknown) => void): void => {
    own.on("error", listener);
    own.on("close", () => listener(new Error("the connection was closed")));
  };
  // In small letters: it compares names of commands that a subscriber may send.
  const line = { start, ping: () => own.callBuffer("ping"), end: () => own.disconnect(), onLost };
  return openForeignLine(line, events, signal);
}

function subscribe(own: Duplicate, channels: readonly string[], events: RedisLineEvents): Promise<unknown> {
  own.on("messageBuffer", (_channel, message) => events.onMessage(message));
  return own.subscribe(...channels);
}

/** That a slot leaves the server is no reply that it waits for: it gives the connection up, which is opened anew where the slots are by then. */
function subscribeShards(own: Duplicate, channels: readonly string[], events: RedisLineEvents): Promise<unknown> {
  own.on("smessageBuffer", (_channel, message) => events.onMessage(message));
  // It tells of a slot that is elsewhere by an event, and leaves the promise as it is.
  const moved = new Promise<never>((_resolve, reject) => {
    own.once("moved", () => reject(new Error("MOVED: a slot is elsewhere")));
  });
  return Promise.race([moved, Promise.all(channels.map((channel) => own.ssubscribe(channel)))]);
}

function sharedWarnings(options: IoredisOptions): string[] {
  if (options.enableOfflineQueue === false) return [];
  return [
    "This client of ioredis keeps commands while it is not connected, and sends them after their callers have given up. Create it with enableOfflineQueue: false.",
  ];
}

/** Waits for the event `ready`; one that was made with `lazyConnect` is told to connect. */
function waitUntilReady(client: Plain): Promise<void> {
  if (client.status === "ready") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      client.off("ready", onReady);
      client.off("end", onEnd);
      client.off("error", onError);
    };
    const onReady = (): void => {
      leave();
      resolve();
    };
    const onEnd = (): void => {
      leave();
      reject(new Error("the client was closed"));
    };
    const onError = (error?: unknown): void => {
      leave();
      reject(error);
    };
    client.once("ready", onReady);
    client.once("end", onEnd);
    client.once("error", onError);
    // What it rejects with comes as an event too.
    if (client.status === "wait") client.connect().catch(() => undefined);
  });
}

function addressOf({ path, host, port }: IoredisOptions): string {
  return path ?? `${host ?? "localhost"}:${port ?? 6379}`;
}
