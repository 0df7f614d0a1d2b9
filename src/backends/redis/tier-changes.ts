import type { LoadFill, LoadLeaseRequest, LoadRenewal } from "../../backend/load-tier.ts";
import type { TierFillResult, TierLease, TierStamp } from "../../backend/shared-tier.ts";
import type { StoredEntry } from "../../backend/stored-entry.ts";
import type { RedisCallKind } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import type { RedisScript } from "../../clients/redis/redis-script.ts";
import type { EntryChange } from "./entry-item.ts";
import { parseEpoch } from "./epoch.ts";
import { dataKey } from "./redis-key-layout.ts";
import type { CallTag, ScriptCall } from "./script-call.ts";
import { tierScript } from "./scripts/tier-script.ts";
import { staleText, ttlText } from "./ttl-text.ts";
import { valueBytes } from "./value-bytes.ts";

/** Reads a whole record, live or stale. */
export type ReadTierRecord = (record: Buffer, shard: number) => StoredEntry | undefined;

/** What came of a request for a lease; whether the stale record's tags still stand is not looked at yet. */
export type LeaseReply = TierLease & { readonly staleRecord?: Buffer | undefined };

type Details = Pick<EntryChange<unknown>, "operation" | "sizeBytes"> & { readonly kind?: RedisCallKind };

/** All of these may be sent twice: the second finds what the first left, or another token, and changes nothing that anybody has seen. */
function change<Result>(
  { operation, sizeBytes, kind = "idempotent-write" }: Details,
  letter: string,
  details: (call: ScriptCall, verdict: string) => string,
  read: (head: TierHeadReply, rest: readonly RedisReply[], shard: number) => Result,
  payload?: Buffer,
): EntryChange<Result> {
  const script: RedisScript = tierScript;
  return {
    operation,
    script,
    kind,
    isSimple: false,
    sizeBytes,
    addTo(call, shard, key, verdict) {
      call.addKey(dataKey(shard, key));
      call.addArgument(call.itemStart(letter, shard, key) + details(call, verdict));
      if (payload !== undefined) call.addArgument(payload);
    },
    read(reply, shard) {
      const [head, epoch, ...rest] = reply as readonly RedisReply[];
      return read({ head: Number(head), epoch: String(epoch) }, rest, shard);
    },
  };
}

/** What every reply begins with. */
export interface TierHeadReply {
  readonly head: number;
  readonly epoch: string;
}

/** The stamp of a reply. */
export function toStamp(shard: number, { head, epoch }: TierHeadReply): TierStamp {
  const { id = "unknown", bornAtMs = 0 } = parseEpoch(epoch) ?? {};
  return { shard, head, epoch: id, bornAtMs };
}

/** Asks for an entry, or for the right to load it. Asked twice, the second answer is "busy" with one's own token: it ends by itself. */
export function leaseChange(request: LoadLeaseRequest, readRecord: ReadTierRecord): EntryChange<LeaseReply> {
  return change(
    { operation: "getOrLease", sizeBytes: 0, kind: "write" },
    "G",
    (_, verdict) => `${ttlText(request.tokenMs)} ${request.takesOver === true ? 1 : 0} ${verdict}`,
    (head, [status, detail, record, version, previousVersion], shard) => {
      const stamp = toStamp(shard, head);
      const staleRecord = Buffer.isBuffer(record) ? record : undefined;
      if (status === 3) return { kind: "busy", remainingMs: Number(detail), stamp, stale: undefined, staleRecord };
      if (status === 2) {
        const replaced =
          version === undefined ? undefined : { version: Number(version), previousVersion: Number(previousVersion) };
        return { kind: "token", token: String(detail), stamp, stale: undefined, staleRecord, replaced };
      }
      const entry = readRecord(detail as Buffer, shard);
      if (entry === undefined) throw new TypeError("The server sent a record that is none.");
      return { kind: "hit", entry, stamp };
    },
  );
}

/** Stores the result of a load. Sent twice, the second finds no token and would call the first refused. `token`: what the server knows of it. */
export function fillChange(
  fill: LoadFill & { readonly token: string },
  tags: readonly CallTag[],
): EntryChange<TierFillResult> {
  const { token, write } = fill;
  const payload = valueBytes(write.value);
  return change(
    { operation: "fill", sizeBytes: payload.length, kind: "write" },
    "F",
    (call) =>
      `${token} ${ttlText(write.ttlMs)} ${staleText(write.staleMs)} ${write.tagsUnchangedSince ?? "-"} ${call.tagPlaces(tags)}`,
    (head, [version], shard) => ({
      stored: Number(version) > 0,
      version: Number(version),
      stamp: toStamp(shard, head),
    }),
    payload,
  );
}

/**
 * Gives data another end. Sent twice, the second finds another version and would call the first refused. `token`: what the server knows of it; `undefined`: there is none.
 *
 * @returns with `undefined` for "the token stands, the data is not there"
 */
export function renewChange(
  { version, ttlMs, staleMs }: LoadRenewal,
  token: string | undefined,
): EntryChange<TierFillResult | undefined> {
  return change(
    { operation: "renew", sizeBytes: 0, kind: "write" },
    "N",
    (_, verdict) => `${token ?? "."} ${version} ${ttlText(ttlMs)} ${staleText(staleMs)} ${verdict}`,
    (head, [answer], shard) => {
      const made = Number(answer);
      return made < 0 ? undefined : { stored: made > 0, version: made, stamp: toStamp(shard, head) };
    },
  );
}

/** Gives a token back. */
export function releaseChange(token: string): EntryChange<boolean> {
  return change(
    { operation: "release", sizeBytes: 0 },
    "R",
    () => token,
    (_, [stood]) => stood === 1,
  );
}

/** Ends an entry and voids its token. */
export function invalidateChange(): EntryChange<number> {
  return change(
    { operation: "invalidate", sizeBytes: 0 },
    "V",
    () => "",
    (_, [version]) => Number(version),
  );
}
