import type { NodeRedisClient } from "./node-redis-library.ts";
import type { RedisNodeFeatures } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";

/** What a new connection's server told. */
export interface RedisServerProbe {
  readonly features: RedisNodeFeatures;
  /** How long its first answer took. */
  readonly latencyMs: number;
  /** How far its wall clock is ahead of ours; `undefined` when the account may not ask. */
  readonly clockOffsetMs: number | undefined;
}

/**
 * Asks a server for its time and its version, in one pipeline. A server that answers with an error of permission answers; only silence
 * and a lost connection reject. The reply of TIME is stamped half-way between sending and receiving.
 */
export async function probeServer(
  client: Pick<NodeRedisClient, "sendCommand">,
  address: string,
  host: RedisHost,
): Promise<RedisServerProbe> {
  const sentAtMs = host.clock.monotonicMs();
  const sentAtWallMs = host.clock.wallMs();
  let latencyMs = 0;
  const time = client.sendCommand(["TIME"]).then(
    (reply) => {
      latencyMs = host.clock.monotonicMs() - sentAtMs;
      return reply;
    },
    (error: unknown) => {
      latencyMs = host.clock.monotonicMs() - sentAtMs;
      return rethrowUnlessAnswer(error);
    },
  );
  const info = client.sendCommand(["INFO", "server"]).catch(rethrowUnlessAnswer);
  const [timeReply, infoReply] = await Promise.all([time, info]);
  return {
    features: readFeatures(address, infoReply instanceof Buffer ? infoReply.toString() : ""),
    latencyMs,
    clockOffsetMs: readOffset(timeReply, sentAtWallMs + latencyMs / 2),
  };
}

/** How far a server is ahead, by its reply to TIME and our wall clock at that moment. */
export function readOffset(reply: unknown, wallMs: number): number | undefined {
  if (!Array.isArray(reply) || reply.length !== 2) return undefined;
  const serverMs = Number(String(reply[0])) * 1_000 + Number(String(reply[1])) / 1_000;
  return Number.isFinite(serverMs) ? serverMs - wallMs : undefined;
}

/** Reads the section `server` of INFO. */
export function readFeatures(address: string, info: string): RedisNodeFeatures {
  const fields = new Map<string, string>();
  for (const line of info.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const product = fields.has("valkey_version") ? "valkey" : (fields.get("server_name") ?? "redis");
  const version = fields.get("valkey_version") ?? fields.get("redis_version");
  return {
    address,
    server: version === undefined ? undefined : `${product} ${version}`,
    mode: fields.get("redis_mode") ?? fields.get("server_mode"),
    version: version === undefined ? [] : version.split(".").map(Number),
  };
}

/** An error whose text begins with a word in capitals is an answer of the server. */
function rethrowUnlessAnswer(error: unknown): undefined {
  if (error instanceof Error && /^(NOPERM|ERR|LOADING|MASTERDOWN|BUSY)\b/.test(error.message)) return undefined;
  throw error;
}
