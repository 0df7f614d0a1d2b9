/** What a server said of itself at some instant between two, in µs. */
export interface ReplicationSample {
  /** Before it was asked. */
  readonly from: number;
  /** When the answer was here. */
  readonly to: number;
  readonly isPrimary: boolean;
  /** Of the primary that it follows, as it is announced. */
  readonly primaryPort: number | undefined;
  /** How far its data goes, in bytes of the stream of changes. */
  readonly offset: number;
  /** How many connections clients had to it. */
  readonly clientCount: number;
  /** Up to where that is the same as that of the primary which it followed before; 0: it never followed one. */
  readonly sharedOffset: number;
}

/** A server and what it said, in this order. */
export interface SampledServer {
  readonly port: number;
  readonly samples: readonly ReplicationSample[];
  /** When it was killed. */
  readonly kills: readonly number[];
}

/** One server took over from another, with instants in µs. */
export interface SeenFailover {
  readonly oldPort: number;
  readonly newPort: number;
  /** Whatever was executed before has come to the new one. */
  readonly from: number;
  /** Before it the new one was none that answers. */
  readonly promotedAt: number;
  /** The old one is dead, or is none that answers, or has no client left, from then on. `Infinity`: it still has. */
  readonly to: number;
}

/**
 * Finds who took over from whom, and which stretch of time is in doubt.
 *
 * ```text
 * old      100 ──▶ 140 ──▶ 190 ──────▶ 230 †        offsets that it said
 * new      100 ──▶ 130 ──▶ 165 ─── promoted         its stream is the old one's up to 165
 *                   └ from: the old one had not more than 165 then
 * ```
 */
export function findFailovers(servers: readonly SampledServer[]): readonly SeenFailover[] {
  const seen = servers.flatMap((server) =>
    server.samples.flatMap((sample, index): readonly SeenFailover[] => {
      const before = server.samples[index - 1];
      if (!sample.isPrimary || before === undefined || before.isPrimary) return [];
      const old = servers.find(({ port }) => port === before.primaryPort);
      if (old === undefined) throw new Error(`${server.port} followed ${before.primaryPort}, which nobody knows.`);
      const { from: promotedAt } = before;
      const isShared = ({ isPrimary, offset, to }: ReplicationSample): boolean =>
        isPrimary && to < sample.to && offset <= sample.sharedOffset;
      const from = old.samples.findLast(isShared)?.from ?? 0;
      return [{ oldPort: old.port, newPort: server.port, from, promotedAt, to: endOf(old, from, promotedAt) }];
    }),
  );
  return seen.sort((one, other) => one.promotedAt - other.promotedAt);
}

/** When a primary was none any more, or none of anybody. */
function endOf({ samples, kills }: SampledServer, from: number, promotedAt: number): number {
  const killedAt = kills.find((instant) => instant >= from) ?? Number.POSITIVE_INFINITY;
  const demotedAt = samples.find((sample) => sample.from >= from && !sample.isPrimary)?.to ?? Number.POSITIVE_INFINITY;
  const endsAt = Math.min(killedAt, demotedAt);
  if (endsAt <= promotedAt) return endsAt;
  const after = samples.filter(({ isPrimary, from: askedAt, to }) => isPrimary && to > promotedAt && askedAt < endsAt);
  const lastUsed = after.findLastIndex(({ clientCount }) => clientCount > 0);
  return Math.min(endsAt, after[lastUsed + 1]?.to ?? Number.POSITIVE_INFINITY);
}

/** Reads the answer to `INFO replication`. */
export function readReplication(
  text: string,
  asked: Pick<ReplicationSample, "from" | "to" | "clientCount">,
): ReplicationSample {
  const fields = new Map(
    text.split("\r\n").flatMap((line): readonly (readonly [string, string])[] => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
  const isPrimary = fields.get("role") === "master";
  const primaryPort = fields.get("master_port");
  return {
    ...asked,
    isPrimary,
    primaryPort: primaryPort === undefined ? undefined : Number(primaryPort),
    offset: Number((isPrimary ? undefined : fields.get("slave_repl_offset")) ?? fields.get("master_repl_offset")),
    // The first byte that is its own.
    sharedOffset: Math.max(0, Number(fields.get("second_repl_offset")) - 1),
  };
}
