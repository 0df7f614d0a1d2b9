import type { Backend, OperationContext } from "../backend/backend.ts";
import { assertWanted } from "../backend/caller.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../backend/commit.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../backend/stored-entry.ts";
import type { Codec } from "../codec/codec.ts";
import { SerializationError } from "../foundation/errors.ts";
import type { CodedBackendParts } from "./coded-backend-parts.ts";
import { codedLoadTier } from "./coded-load-tier.ts";
import { codedSharedTier } from "./coded-shared-tier.ts";
import { mapMaybe } from "./map-maybe.ts";
import { PreparedValue } from "./prepared-value.ts";
import type { StoredValues } from "./stored-values.ts";

/** How often a write that met an unreadable entry is tried again, when others write the key meanwhile. */
const MAX_REPLACEMENTS = 3;

/**
 * A store of bytes as a store of values: every value is encoded on its way in and decoded on its way out.
 *
 * What cannot be decoded is a miss for reads, also for `getStale`, and as the previous value of a write. A write on condition that the key is absent replaces an entry that
 * no cache can read, on condition that it is still the one that was met. What does not look at values (`expire`, `deleteMulti`, the store's own
 * `increment`) does to such an entry what it does to any.
 */
export function createCodedBackend({ backend, codec, values, acks }: CodedBackendParts): Backend {
  const { capabilities } = backend;
  const coded: Backend = {
    name: backend.name,
    // Decoding may take a promise, so no answer is promised at once; an encrypted number is nothing that a store can count.
    capabilities: Object.freeze({
      ...capabilities,
      storage: "values",
      local: false,
      counters: capabilities.counters && codec.hasCounters,
    }),
    get epoch() {
      return backend.epoch;
    },
    async connect(context) {
      await codec.load();
      await backend.connect?.(context);
    },
    async close() {
      await acks?.close();
      await backend.close();
    },
    ...(acks && { awaitCoherence: acks.wait.bind(acks) }),
    get: (key, context) => mapMaybe(backend.get(key, context), (entry) => values.decodeEntry(key, entry)),
    getMulti: (keys, context) => mapMaybe(backend.getMulti(keys, context), (found) => decodeAll(values, keys, found)),
    async set(key, write, context) {
      const encoded = await encodeWrite(codec, key, write, context);
      return setReplacing({ backend, codec, values }, key, encoded, context);
    },
    async setMulti(items, context) {
      return backend.setMulti(await encodeAll(codec, items, context), context);
    },
    delete: (key, context) => backend.delete(key, context),
    deleteMulti: (keys, context) => backend.deleteMulti(keys, context),
    expire: (key, ttlMs, context) => backend.expire(key, ttlMs, context),
    ...optionalMethods({ backend, codec, values }),
  };
  return coded;
}

/** Methods that exist where the store has them. */
function optionalMethods(parts: CodedBackendParts): Partial<Backend> {
  const { backend, codec, values } = parts;
  const {
    ping,
    getStale,
    increment,
    commit,
    areColocated,
    lease,
    invalidateTags,
    stamp,
    scan,
    clear,
    usage,
    connections,
    report,
    revalidation,
  } = backend;
  return {
    ...(ping && { ping: ping.bind(backend) }),
    ...(getStale && {
      getStale: (keys, context) =>
        mapMaybe(getStale.call(backend, keys, context), (found) => decodeStandIns(values, keys, found)),
    }),
    ...(increment && codec.hasCounters && { increment: increment.bind(backend) }),
    ...(commit && { commit: (checks, writes, context) => commitReplacing(parts, checks, writes, context) }),
    ...(areColocated && { areColocated: areColocated.bind(backend) }),
    ...(lease && { lease: lease.bind(backend) }),
    ...(invalidateTags && { invalidateTags: invalidateTags.bind(backend) }),
    ...(stamp && { stamp: stamp.bind(backend) }),
    ...(scan && { scan: scan.bind(backend) }),
    ...(clear && { clear: clear.bind(backend) }),
    ...(usage && { usage: usage.bind(backend) }),
    ...(connections && { connections: connections.bind(backend) }),
    ...(report && { report: report.bind(backend) }),
    // Of values it knows nothing, so nothing has to be decoded.
    ...(revalidation && { revalidation }),
    ...codedTiers(parts),
  };
}

/** The tiers that exist where the store has them; one object where the store's are one. */
function codedTiers(parts: CodedBackendParts): Pick<Backend, "loadTier" | "sharedTier"> {
  const { loadTier, sharedTier } = parts.backend;
  if (sharedTier === undefined) return loadTier === undefined ? {} : { loadTier: codedLoadTier(parts, loadTier) };
  const shared = codedSharedTier(parts, sharedTier);
  if (loadTier === undefined) return { sharedTier: shared };
  return { sharedTier: shared, loadTier: loadTier === sharedTier ? shared : codedLoadTier(parts, loadTier) };
}

async function encodeWrite(
  codec: Codec,
  key: string,
  write: EntryWrite,
  context: OperationContext,
): Promise<EntryWrite> {
  const { value: given } = write;
  const value = given instanceof PreparedValue ? given.bytes : await codec.encode(given, key);
  // Nobody waits any more, and the caller was told that nothing is certain: better nothing than a late write.
  assertWanted(context);
  return { ...write, value };
}

/** All or nothing: one value that cannot be written refuses the batch before anything is sent. */
function encodeAll(
  codec: Codec,
  items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
  context: OperationContext,
): Promise<(readonly [string, EntryWrite])[]> {
  const encode = async ([key, write]: readonly [string, EntryWrite], index: number): Promise<[string, EntryWrite]> => {
    try {
      return [key, await encodeWrite(codec, key, write, context)];
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      const message = `Item ${index + 1} of ${items.length}: ${error.message}`;
      throw new SerializationError(error.path, message, { cause: error.cause });
    }
  };
  return Promise.all(items.map(encode));
}

async function decodeAll(
  values: StoredValues,
  keys: readonly string[],
  found: ReadonlyArray<StoredEntry | undefined>,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  // Each a promise of its own: what one throws at once must not leave the rejections of others to nobody.
  return Promise.all(found.map(async (entry, index) => values.decodeEntry(keys[index] as string, entry)));
}

/** Who asks for these has read the keys before, and heard then of what nobody can read. */
async function decodeStandIns(
  values: StoredValues,
  keys: readonly string[],
  found: ReadonlyArray<StoredEntry | undefined>,
): Promise<ReadonlyArray<StoredEntry | undefined>> {
  return Promise.all(found.map((entry, index) => entry && values.decodeStandIn(keys[index] as string, entry)));
}

async function setReplacing(
  { backend, values }: CodedBackendParts,
  key: string,
  write: EntryWrite,
  context: OperationContext,
): Promise<WriteResult> {
  const isOnAbsence = write.condition?.kind === "absent";
  // The entry that was met tells whether anybody could read it.
  let attempt: EntryWrite = isOnAbsence ? { ...write, returnPrevious: true } : write;
  let result = await backend.set(key, attempt, context);
  for (let tries = 0; tries < MAX_REPLACEMENTS && isOnAbsence && !result.stored; tries += 1) {
    // Stores need not tell what made them refuse.
    const previous = result.previous ?? (await backend.get(key, context));
    if (previous === undefined || !(await values.isWorthless(key, previous))) break;
    assertWanted(context);
    attempt = { ...attempt, condition: { kind: "version", version: previous.version } };
    result = await backend.set(key, attempt, context);
  }
  if (result.previous === undefined) return result;
  const { stored, version, previous } = result;
  if (write.returnPrevious !== true) return { stored, version };
  return { stored, version, previous: await values.decodePrevious(key, previous) };
}

async function commitReplacing(
  { backend, codec, values }: CodedBackendParts,
  checks: readonly KeyCheck[],
  writes: readonly KeyWrite[],
  context: OperationContext,
): Promise<CommitResult> {
  const encoded = await Promise.all(
    writes.map(async ({ key, write }) => ({
      key,
      write: write === undefined ? undefined : await encodeWrite(codec, key, write, context),
    })),
  );
  const commit = backend.commit as NonNullable<Backend["commit"]>;
  let current = checks;
  let result = await commit.call(backend, current, encoded, context);
  for (let tries = 0; tries < MAX_REPLACEMENTS && !result.committed; tries += 1) {
    const adjusted = await countUnreadableAsAbsent({ backend, values }, checks, context);
    if (adjusted === undefined) break;
    assertWanted(context);
    current = adjusted;
    result = await commit.call(backend, current, encoded, context);
  }
  return result;
}

/** The checks with the versions of entries that nobody could read where absence was expected; `undefined` when there are none. */
async function countUnreadableAsAbsent(
  { backend, values }: Pick<CodedBackendParts, "backend" | "values">,
  checks: readonly KeyCheck[],
  context: OperationContext,
): Promise<readonly KeyCheck[] | undefined> {
  const absent = checks.filter(({ version }) => version === 0).map(({ key }) => key);
  if (absent.length === 0) return undefined;
  const found = await backend.getMulti(absent, context);
  const versions = new Map<string, number>();
  for (const [index, entry] of found.entries()) {
    const key = absent[index] as string;
    if (entry !== undefined && (await values.isWorthless(key, entry))) versions.set(key, entry.version);
  }
  if (versions.size === 0) return undefined;
  return checks.map((check) => ({ ...check, version: versions.get(check.key) ?? check.version }));
}
