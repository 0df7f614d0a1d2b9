import type { RedisArgument } from "../redis-client.ts";
import type { OpenRedisLine, RedisLine, RedisLineEvents } from "../redis-line.ts";
import { openForeignLine } from "./foreign-line.ts";
import type { ForeignNode, ForeignRedis } from "./foreign-redis.ts";
import { keyOfSlot } from "./key-of-slot.ts";

/** Types of RESP by their first bytes: texts become bytes, integers stay exact, maps are lists. */
const TYPE_MAPPING: object = { 36: Buffer, 43: Buffer, 61: Buffer, 58: String, 37: Array };

const CLIENT = "node-redis client";

/** What clients of node-redis have in common. */
interface NodeRedisLike {
  readonly isOpen: boolean;
  readonly isReady?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
  connect(): Promise<unknown>;
  withTypeMapping(mapping: object): never;
}

interface Plain extends NodeRedisLike {
  sendCommand(args: readonly RedisArgument[]): Promise<unknown>;
  duplicate(overrides: object): Duplicate;
}

interface Duplicate extends Plain {
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "sharded-channel-moved", listener: (channel: string) => void): unknown;
  subscribe(channels: readonly string[], listener: (message: Buffer) => void, givesBytes: true): Promise<unknown>;
  sSubscribe(channel: string, listener: (message: Buffer) => void, givesBytes: true): Promise<unknown>;
  destroy(): void;
  unref(): void;
}

interface Sentinel extends NodeRedisLike {
  sendCommand(isReadonly: boolean, args: readonly RedisArgument[]): Promise<unknown>;
  getMasterNode(): { readonly host: string; readonly port: number } | undefined;
}

interface ClusterNode {
  readonly address: string;
}

interface Cluster extends NodeRedisLike {
  readonly masters: readonly ClusterNode[];
  readonly slots: readonly ({ readonly master: ClusterNode } | undefined)[];
  nodeClient(node: ClusterNode): Promise<Plain>;
  sendCommand(firstKey: string, isReadonly: boolean, args: readonly RedisArgument[]): Promise<unknown>;
}

/** Recognizes a client, pool, cluster or sentinel of node-redis by its shape; `undefined` for anything else. */
export function adoptNodeRedis(client: object): ForeignRedis | undefined {
  const shape = client as Partial<Record<string, unknown>>;
  const has = (name: string): boolean => typeof shape[name] === "function";
  if (!has("sendCommand") || !has("withTypeMapping") || !has("connect")) return undefined;
  if (has("nodeClient")) return adoptCluster(client as Cluster);
  if (has("getMasterNode")) return adoptSentinel(client as Sentinel);
  return adoptPlain(client as Plain, has("execute") ? "node-redis pool" : CLIENT);
}

function adoptPlain(client: Plain, library: string): ForeignRedis {
  const mapped: Plain = client.withTypeMapping(TYPE_MAPPING);
  const send = (args: readonly RedisArgument[]): Promise<unknown> => mapped.sendCommand(args);
  return {
    library,
    topology: "single",
    resendsCommands: false,
    warnings: warningsOf(client.options, library),
    connect: () => open(client),
    send: (_slot, args) => send(args),
    // A pool makes no single connections, and does not say what it makes them of.
    listen: library === CLIENT ? (...call) => listenLike(client, subscribe, ...call) : undefined,
    primaries: () => [{ address: addressOf(client.options), send }],
    addressOfSlot: () => addressOf(client.options),
  };
}

function adoptSentinel(client: Sentinel): ForeignRedis {
  const mapped: Sentinel = client.withTypeMapping(TYPE_MAPPING);
  const send = (args: readonly RedisArgument[]): Promise<unknown> => mapped.sendCommand(false, args);
  const address = (): string => {
    const node = client.getMasterNode();
    return node === undefined ? "" : `${node.host}:${node.port}`;
  };
  return {
    library: "node-redis sentinel",
    topology: "single",
    // It runs a command again when its connection was lost meanwhile, whatever the command.
    resendsCommands: true,
    warnings: [
      "The node-redis sentinel client sends a command again after its connection was lost, so a write may be done twice; counters are safe with an opId only. Let the store connect by itself instead.",
    ],
    connect: () => open(client),
    send: (_slot, args) => send(args),
    primaries: () => [{ address: address(), send }],
    addressOfSlot: address,
  };
}

function adoptCluster(client: Cluster): ForeignRedis {
  const mapped: Cluster = client.withTypeMapping(TYPE_MAPPING);
  const node = (master: ClusterNode): ForeignNode => ({
    address: master.address,
    send: async (args) => {
      const plain = await client.nodeClient(master);
      return (plain.withTypeMapping(TYPE_MAPPING) as Plain).sendCommand(args);
    },
  });
  return {
    library: "node-redis cluster",
    topology: "cluster",
    resendsCommands: false,
    warnings: [],
    connect: () => open(client),
    listen: async (...call) => {
      const [master] = client.masters;
      if (master === undefined) throw new Error("the cluster has no primary");
      return listenLike(await client.nodeClient(master), subscribe, ...call);
    },
    shardLines: {
      addressOfSlot: (slot) => client.slots[slot]?.master.address ?? "",
      // It asks by itself, when a command finds that a slot has moved.
      refresh: () => Promise.resolve(),
      lineTo:
        (address) =>
        async (...call) => {
          const master = client.masters.find((one) => one.address === address);
          if (master === undefined) throw new Error(`${address} is no primary of the cluster`);
          return listenLike(await client.nodeClient(master), subscribeShards, ...call);
        },
    },
    send: (slot, args, kind) => mapped.sendCommand(keyOfSlot(Math.max(0, slot)), kind === "read", args),
    primaries: () => client.masters.map(node),
    addressOfSlot: (slot) => client.slots[slot]?.master.address ?? "",
  };
}

/** A line over a connection like a client's, which does not come back by itself. */
function listenLike(
  client: Plain,
  hear: (own: Duplicate, channels: readonly string[], events: RedisLineEvents) => Promise<unknown>,
  ...[channels, events, signal]: Parameters<OpenRedisLine>
): Promise<RedisLine> {
  const socket = { ...(client.options?.["socket"] as object | undefined), reconnectStrategy: false };
  const own = client.duplicate({ socket, disableOfflineQueue: true, clientSideCache: undefined });
  const start = async (): Promise<void> => {
    own.unref();
    await own.connect();
    await hear(own, channels, events);
  };
  return openForeignLine(
    {
      start,
      ping: () => own.sendCommand(["PING"]),
      end: () => own.destroy(),
      onLost: (listener) => void own.on("error", listener),
    },
    events,
    signal,
  );
}

function subscribe(own: Duplicate, channels: readonly string[], events: RedisLineEvents): Promise<unknown> {
  return own.subscribe(channels, events.onMessage, true);
}

function subscribeShards(own: Duplicate, channels: readonly string[], events: RedisLineEvents): Promise<unknown> {
  own.on("sharded-channel-moved", (channel) => events.onMoved?.(channel));
  return Promise.all(channels.map((channel) => own.sSubscribe(channel, events.onMessage, true)));
}

async function open(client: NodeRedisLike): Promise<void> {
  if (!client.isOpen) await client.connect();
}

function addressOf(options: Plain["options"]): string {
  // A pool does not say.
  if (options === undefined) return "redis";
  const socket = (options["socket"] ?? {}) as { host?: string; port?: number; path?: string };
  return socket.path ?? `${socket.host ?? "localhost"}:${socket.port ?? 6379}`;
}

function warningsOf(options: Plain["options"], library: string): string[] {
  const warnings: string[] = [];
  if (options === undefined) return warnings;
  const commandOptions = options["commandOptions"] as { timeout?: unknown } | undefined;
  if (commandOptions === undefined || !("timeout" in commandOptions) || commandOptions.timeout !== undefined) {
    warnings.push(
      `The ${library} makes a timer for every command, several times the cost of the command. Create it with commandOptions: { timeout: undefined }; deadlines are the store's.`,
    );
  }
  if (options["disableOfflineQueue"] !== true) {
    warnings.push(
      `The ${library} keeps commands while it is not connected, and sends them after their callers have given up. Create it with disableOfflineQueue: true.`,
    );
  }
  if (typeof options["keyPrefix"] === "string" && options["keyPrefix"] !== "") {
    warnings.push(`The ${library}'s keyPrefix is not used by the store. Use a namespace.`);
  }
  return warnings;
}
