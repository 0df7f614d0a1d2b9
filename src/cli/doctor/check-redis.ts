import { parseServerInfo } from "../../backends/redis/server-info.ts";
import { createRedisClient } from "../../clients/redis/create-redis-client.ts";
import type { RedisClient, RedisNode } from "../../clients/redis/redis-client.ts";
import type { RedisSettings } from "../../clients/redis/redis-settings.ts";
import { systemClock } from "../../foundation/clock.ts";
import { systemRandom } from "../../foundation/random-source.ts";
import { systemScheduler } from "../../foundation/scheduler.ts";
import { latency } from "../bench/bench-report.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Clocks that differ by more make TTLs and times in logs visibly wrong. */
const MAX_CLOCK_SKEW_MS = 1_000;
const CALL = { operation: "doctor", kind: "read" } as const;

/**
 * What a Redis store's own report does not tell, as it makes no difference to calls: the clock, persistence, and the state of a cluster. What cannot be asked (an account without the right to) is left out.
 *
 * @param settings of a server, a sentinel set or a cluster
 */
export async function checkRedis(settings: RedisSettings): Promise<readonly Finding[]> {
  const client = createRedisClient(settings, {
    clock: systemClock,
    scheduler: systemScheduler,
    random: systemRandom,
  });
  try {
    await client.connect();
    const findings = await Promise.all(client.primaries().map((node) => checkServer(client, node)));
    return findings.flat();
  } catch {
    // The store's report has said that it cannot be reached, and why.
    return [];
  } finally {
    await client.close();
  }
}

async function checkServer({ topology }: RedisClient, node: RedisNode): Promise<Finding[]> {
  const subject = `redis/${node.address}`;
  const findings = await Promise.all([
    ask(() => checkClock(subject, node)),
    ask(() => checkPersistence(subject, node)),
    topology === "cluster" ? ask(() => checkCluster(subject, node)) : undefined,
  ]);
  return findings.filter((finding) => finding !== undefined);
}

async function ask(check: () => Promise<Finding | undefined>): Promise<Finding | undefined> {
  return check().catch(() => undefined);
}

async function checkClock(subject: string, node: RedisNode): Promise<Finding> {
  const askedAtMs = Date.now();
  const [seconds, microseconds] = (await node.call(["TIME"], CALL)) as unknown as readonly unknown[];
  const answeredAtMs = Date.now();
  const serverMs = Number(String(seconds)) * 1_000 + Number(String(microseconds)) / 1_000;
  return judgeClock(subject, serverMs, askedAtMs, answeredAtMs);
}

/** Whether a clock that was read between two moments of this machine's agrees with it. */
export function judgeClock(subject: string, serverMs: number, askedAtMs: number, answeredAtMs: number): Finding {
  const skewMs = serverMs < askedAtMs ? serverMs - askedAtMs : Math.max(0, serverMs - answeredAtMs);
  if (Math.abs(skewMs) <= MAX_CLOCK_SKEW_MS) return ok(subject, `its clock and this machine's agree`);
  const direction = skewMs > 0 ? "ahead of" : "behind";
  return warn(
    subject,
    `its clock is ${latency(Math.abs(skewMs))} ${direction} this machine's. Synchronize both (chrony, systemd-timesyncd).`,
  );
}

async function checkPersistence(subject: string, node: RedisNode): Promise<Finding> {
  return judgePersistence(subject, String(await node.call(["INFO", "persistence"], CALL)));
}

/** Whether a server keeps what it has. @param report what it says of its persistence */
export function judgePersistence(subject: string, report: string): Finding {
  const info = parseServerInfo(report);
  const hasAof = info.get("aof_enabled") === "1";
  const lastSaveAt = Number(info.get("rdb_last_save_time") ?? 0);
  const changes = Number(info.get("rdb_changes_since_last_save") ?? 0);
  const failed = ["rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"].filter(
    (name) => (info.get(name) ?? "ok") !== "ok",
  );
  // The store's own report warns of saves that fail; here only which one it is.
  if (failed.length > 0)
    return warn(subject, `persistence fails (${failed.join(", ")}). Look at its log and its disk.`);
  const rdb = `last snapshot ${new Date(lastSaveAt * 1_000).toISOString()}, ${changes} changes since`;
  return ok(subject, `persistence: ${hasAof ? "append-only file" : "no append-only file"}, ${rdb}`);
}

async function checkCluster(subject: string, node: RedisNode): Promise<Finding> {
  return judgeCluster(subject, String(await node.call(["CLUSTER", "INFO"], CALL)), node.address);
}

/** Whether a cluster has an owner for every slot. @param report what one of its servers says of it */
export function judgeCluster(subject: string, report: string, address: string): Finding {
  const info = parseServerInfo(report);
  const state = info.get("cluster_state") ?? "unknown";
  const assigned = Number(info.get("cluster_slots_assigned") ?? 0);
  const failing = Number(info.get("cluster_slots_fail") ?? 0) + Number(info.get("cluster_slots_pfail") ?? 0);
  const words = `cluster state ${state}, ${assigned} of 16384 slots assigned, ${failing} failing, ${info.get("cluster_known_nodes") ?? "?"} nodes`;
  if (state === "ok" && assigned === 16_384 && failing === 0) return ok(subject, words);
  return fail(subject, `${words}. Run: redis-cli --cluster check ${address}`);
}
