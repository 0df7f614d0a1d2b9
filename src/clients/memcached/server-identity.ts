/** Which process a server is, as far as `stats` tells. */
export interface ServerIdentity {
  readonly pid: string;
  /** When it was started by its own clock, in seconds since the epoch. Constant for the life of a process. */
  readonly startedAtS: number;
  readonly uptimeS: number;
  /** Connections that it ever took. */
  readonly connectionCount: number;
}

/** An identity, and when it was asked for. */
export interface SeenIdentity {
  readonly identity: ServerIdentity;
  /** In the monotonic clock's ms. */
  readonly seenAt: number;
}

/** A server's first uptime is 2 s; its seconds are whole ones, and one more is the other clock's. */
const PROVEN_UPTIME_S = 4;

/** Reads `stats`. @returns `undefined` when it does not say enough */
export function readServerIdentity(stats: ReadonlyMap<string, string>): ServerIdentity | undefined {
  const pid = stats.get("pid");
  const uptimeS = Number(stats.get("uptime") ?? Number.NaN);
  const timeS = Number(stats.get("time") ?? Number.NaN);
  const connectionCount = Number(stats.get("total_connections") ?? Number.NaN);
  if (pid === undefined || !Number.isFinite(uptimeS + timeS + connectionCount)) return undefined;
  return { pid, startedAtS: timeS - uptimeS, uptimeS, connectionCount };
}

/**
 * Whether a server is for certain the process that was seen before.
 *
 * Its number alone proves nothing: in a container it is always 1. So it must have the same number and be started in the same second, and the
 * earlier process must have been alive after that second: then no other one can have been started in it. And no count may have gone back.
 *
 * @param aliveAt when the earlier process was last known to live, in the monotonic clock's ms
 */
export function isSameProcess(before: SeenIdentity, now: ServerIdentity, aliveAt: number): boolean {
  const { identity, seenAt } = before;
  if (identity.pid !== now.pid || identity.startedAtS !== now.startedAtS) return false;
  if (now.connectionCount < identity.connectionCount) return false;
  return identity.uptimeS + Math.max(0, aliveAt - seenAt) / 1_000 >= PROVEN_UPTIME_S;
}
