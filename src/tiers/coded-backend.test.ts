import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { codecSettings } from "../../test/support/codec/codec-settings.ts";
import { TEST_KEY } from "../../test/support/codec/compressions.ts";
import { defer } from "../../test/support/open-cache.ts";
import type { Backend } from "../backend/backend.ts";
import type { BackendReport } from "../backend/backend-report.ts";
import type { ConnectionCounts } from "../backend/connection-counts.ts";
import type { EntryWrite, StoredEntry } from "../backend/stored-entry.ts";
import type { Codec } from "../codec/codec.ts";
import { CodecFault } from "../codec/codec-fault.ts";
import { createCodec } from "../codec/create-codec.ts";
import { systemClock } from "../foundation/clock.ts";
import { SerializationError, UnreadableValueError } from "../foundation/errors.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import { createFakeTime } from "../testing/fake-clock.ts";
import { createMapBackend, type MapBackend, type MapBackendOptions } from "../testing/map-backend/map-backend.ts";
import { createCodedBackend } from "./coded-backend.ts";
import { StoredValues } from "./stored-values.ts";

const host = { clock: systemClock, scheduler: systemScheduler };

interface Opened {
  readonly store: MapBackend;
  readonly coded: Backend;
  readonly told: (readonly [string, string])[];
}

function open(options: { codec?: Codec; throws?: boolean; map?: MapBackendOptions } = {}): Opened {
  const store = createMapBackend({ async: true, storage: "bytes", ...options.map });
  const codec = options.codec ?? createCodec(codecSettings(), host);
  const told: [string, string][] = [];
  const values = new StoredValues(codec, {
    throws: options.throws ?? false,
    onUnreadable: (key, { reason }) => told.push([key, reason]),
  });
  return { store, told, coded: createCodedBackend({ backend: store, codec, values }) };
}

function write(value: unknown, extra: Partial<EntryWrite> = {}): EntryWrite {
  return { value, ttlMs: Number.POSITIVE_INFINITY, tags: [], ...extra };
}

/** Bytes that nobody here can read. */
const FOREIGN = write(Buffer.from("foreign bytes"));
const absent = { kind: "absent" } as const;

async function readValue(backend: Backend, key: string): Promise<unknown> {
  return (await backend.get(key, {}))?.value;
}

describe("a store of bytes as a store of values", () => {
  it("tells of its servers and connections, and of keys that live together, what the store tells", async () => {
    const store = {
      ...createMapBackend({ async: true, storage: "bytes" }),
      node: "a:1",
      connections(): ConnectionCounts {
        return { open: this.node.length, inFlight: 2, waiting: 1 };
      },
      async report(): Promise<BackendReport> {
        return { nodes: [{ node: this.node, status: "up", latencyMs: 1, warnings: [] }] };
      },
      areColocated(keys: readonly string[]): boolean {
        return keys.length < this.node.length;
      },
    };
    const codec = createCodec(codecSettings(), host);
    const values = new StoredValues(codec, { throws: false, onUnreadable: () => undefined });
    const coded = createCodedBackend({ backend: store, codec, values });
    expect(coded.connections?.()).toEqual({ open: 3, inFlight: 2, waiting: 1 });
    expect(await coded.report?.({})).toMatchObject({ nodes: [{ node: "a:1" }] });
    expect([coded.areColocated?.(["a", "b"]), coded.areColocated?.(["a", "b", "c"])]).toEqual([true, false]);
    const { coded: plain } = open();
    expect([plain.connections, plain.report, plain.areColocated]).toEqual([undefined, undefined, undefined]);
  });

  it("finds what stands in, decoded; what cannot be read is none, and only the read that missed tells of it", async () => {
    const time = createFakeTime();
    const { store, coded, told } = open({ throws: true, map: { clock: time.clock } });
    await coded.set("k", write({ at: new Date(5) }, { ttlMs: 10, staleMs: 1_000, tags: ["t"] }), {});
    await store.set("foreign", { ...FOREIGN, ttlMs: 10, staleMs: 1_000 }, {});
    await store.set("live", FOREIGN, {});
    time.advance(10);
    await expect(coded.get("live", {})).rejects.toBeInstanceOf(UnreadableValueError);
    expect(told).toHaveLength(1);
    const found = await coded.getStale?.(["foreign", "k", "absent", "live"], {});
    expect(found?.map((entry) => entry?.value)).toEqual([undefined, { at: new Date(5) }, undefined, undefined]);
    expect(found?.[1]?.expiresAt).toBe(time.clock.wallMs());
    expect(told).toHaveLength(1);
    expect(open({ map: { capabilities: { stale: false } } }).coded.getStale).toBeUndefined();
  });

  it("keeps bytes, and answers with values, versions, expiry and tags as the store has them", async () => {
    const { store, coded } = open();
    const written = await coded.set("k", write({ a: [new Date(5)] }, { ttlMs: 60_000, tags: ["t"] }), {});
    const raw = await store.get("k", {});
    const entry = await coded.get("k", {});
    expect(raw?.value).toBeInstanceOf(Uint8Array);
    expect(entry?.value).toEqual({ a: [new Date(5)] });
    expect(entry?.version).toBe(written.version);
    expect(entry?.tags).toEqual(["t"]);
    expect(Math.abs((entry?.expiresAt ?? 0) - Date.now() - 60_000)).toBeLessThan(1_000);
  });

  it("is a store of values that answers through promises, and has what its store has", () => {
    const { store, coded } = open();
    expect(coded.capabilities).toMatchObject({
      storage: "values",
      local: false,
      counters: true,
      transactions: "any-keys",
    });
    expect(coded.epoch).toBe(store.epoch);
    expect(coded.name).toBe(store.name);
    const bare = open({
      map: {
        capabilities: { counters: false, transactions: "none", leases: false, tags: false, scan: false, clear: false },
      },
    });
    for (const method of ["increment", "commit", "lease", "invalidateTags", "stamp", "scan", "clear"] as const) {
      expect(bare.coded[method], method).toBe(undefined);
      expect(coded[method], method).toBeTypeOf("function");
    }
    expect(coded.peek).toBe(undefined);
  });

  it("has no counters of the store's where numbers are encrypted", () => {
    const codec = createCodec(codecSettings({ encryptionKeys: [TEST_KEY] }), host);
    const { coded } = open({ codec });
    expect(coded.capabilities.counters).toBe(false);
    expect(coded.increment).toBe(undefined);
  });

  it("loads what the codec needs before the store is connected, and does not connect without", async () => {
    const steps: string[] = [];
    const codec = { ...createCodec(codecSettings(), host), load: async () => void steps.push("load") };
    const store = createMapBackend({ async: true, storage: "bytes" });
    const backend = { ...store, connect: async () => void steps.push("connect") };
    const values = new StoredValues(codec, { throws: false, onUnreadable: () => undefined });
    await createCodedBackend({ backend, codec, values }).connect?.({});
    expect(steps).toEqual(["load", "connect"]);
    const failing = { ...codec, load: () => Promise.reject(new Error("not installed")) };
    await expect(createCodedBackend({ backend, codec: failing, values }).connect?.({})).rejects.toThrow(
      "not installed",
    );
    expect(steps).toEqual(["load", "connect"]);
  });

  it("counts on what was set, and reads what was counted", async () => {
    const { coded } = open();
    const request = {
      delta: 1n,
      initial: 0n,
      ttlMs: Number.POSITIVE_INFINITY,
      minimum: -(2n ** 63n),
      maximum: 2n ** 63n - 1n,
    };
    await coded.set("set", write(5), {});
    expect((await coded.increment?.("set", request, {}))?.value).toBe(6n);
    expect(await readValue(coded, "set")).toBe(6);
    await coded.increment?.("new", { ...request, delta: 2n ** 60n }, {});
    expect(await readValue(coded, "new")).toBe(2n ** 60n);
    await coded.set("text", write("5"), {});
    await expect(coded.increment?.("text", request, {})).rejects.toMatchObject({ code: "GCX_COUNTER_TYPE" });
  });

  it("keeps what an entry of the store computes only when it is asked", async () => {
    const { store } = open();
    const codec = createCodec(codecSettings(), host);
    const bytes = await codec.encode("v", "k");
    class LazyEntry {
      readonly value = bytes;
      get version(): number {
        return 7;
      }
      get expiresAt(): number {
        return 99;
      }
      get tags(): readonly string[] {
        return ["t"];
      }
    }
    class LazyResult {
      readonly stored = true;
      readonly previous = new LazyEntry();
      get version(): number {
        return 8;
      }
    }
    const backend: Backend = { ...store, get: async () => new LazyEntry(), set: async () => new LazyResult() };
    const values = new StoredValues(codec, { throws: false, onUnreadable: () => undefined });
    const coded = createCodedBackend({ backend, codec, values });
    const seen = (entry: StoredEntry | undefined): unknown => [
      entry?.value,
      entry?.version,
      entry?.expiresAt,
      entry?.tags,
    ];
    expect(seen(await coded.get("k", {}))).toEqual(["v", 7, 99, ["t"]]);
    const result = await coded.set("k", write("w", { returnPrevious: true }), {});
    expect([result.stored, result.version]).toEqual([true, 8]);
    expect(seen(result.previous)).toEqual(["v", 7, 99, ["t"]]);
    expect((await coded.set("k", write("w", { condition: absent }), {})).version).toBe(8);
  });

  it("moves neither TTL nor tags by decoding", async () => {
    const { coded } = open();
    await coded.set("k", write("v", { tags: ["t"] }), {});
    expect(await coded.expire("k", 1_000, {})).toBe(true);
    expect(((await coded.get("k", {}))?.expiresAt ?? 0) - Date.now()).toBeLessThanOrEqual(1_000);
    await coded.invalidateTags?.(["t"], {});
    expect(await coded.get("k", {})).toBe(undefined);
    expect(await coded.delete("k", {})).toBe(false);
  });
});

describe("a value that cannot be written", () => {
  it("rejects, and nothing is written, also of the others in the same call", async () => {
    const { store, coded } = open();
    const bad = write({ a: () => 1 });
    await expect(coded.set("k", bad, {})).rejects.toBeInstanceOf(SerializationError);
    await expect(
      coded.setMulti(
        [
          ["a", write(1)],
          ["k", bad],
          ["b", write(2)],
        ],
        {},
      ),
    ).rejects.toBeInstanceOf(SerializationError);
    const writes = [
      { key: "a", write: write(1) },
      { key: "k", write: bad },
    ];
    await expect(coded.commit?.([], writes, {})).rejects.toBeInstanceOf(SerializationError);
    for (const key of ["a", "b", "k"]) expect(await store.get(key, {})).toBe(undefined);
  });

  it("is not written either when its caller gave up while it was encoded", async () => {
    const gate = defer<void>();
    const codec = createCodec(codecSettings(), host);
    const slow: Codec = {
      load: () => codec.load(),
      decode: (bytes, key) => codec.decode(bytes, key),
      hasCounters: true,
      encode: async (value, key) => {
        await gate.promise;
        return codec.encode(value, key);
      },
    };
    const { store } = open();
    const set = store.set.bind(store);
    const setMulti = store.setMulti.bind(store);
    const commit = store.commit?.bind(store) as NonNullable<Backend["commit"]>;
    // A store that does not look at signals.
    const backend: Backend = {
      ...store,
      set: (key, entry) => set(key, entry, {}),
      setMulti: (items) => setMulti(items, {}),
      commit: (checks, writes) => commit(checks, writes, {}),
    };
    const values = new StoredValues(slow, { throws: false, onUnreadable: () => undefined });
    const coded = createCodedBackend({ backend, codec: slow, values });
    const controller = new AbortController();
    const { signal } = controller;
    const setting = coded.set("a", write(1), { signal });
    const settingMany = coded.setMulti([["b", write(1)]], { signal });
    const committing = coded.commit?.([], [{ key: "c", write: write(1) }], { signal });
    controller.abort(new Error("gave up"));
    gate.resolve(undefined);
    for (const call of [setting, settingMany, committing]) await expect(call).rejects.toThrow("gave up");
    for (const key of ["a", "b", "c"]) expect(await store.get(key, {})).toBe(undefined);
  });
});

describe("what cannot be read", () => {
  it("is a miss, of which somebody is told; of many keys only that one", async () => {
    const { store, coded, told } = open();
    await coded.set("a", write("A"), {});
    await store.set("b", FOREIGN, {});
    await coded.set("c", write("C"), {});
    expect(await coded.get("b", {})).toBe(undefined);
    const found = await coded.getMulti(["a", "b", "missing", "c"], {});
    expect(found.map((entry) => entry?.value)).toEqual(["A", undefined, undefined, "C"]);
    expect(told).toEqual([
      ["b", "foreign"],
      ["b", "foreign"],
    ]);
  });

  it("is an error where that is asked for", async () => {
    const { store, coded, told } = open({ throws: true });
    await store.set("b", FOREIGN, {});
    await coded.set("a", write("A"), {});
    const reading = coded.get("b", {});
    await expect(reading).rejects.toBeInstanceOf(UnreadableValueError);
    await expect(reading).rejects.toMatchObject({ code: "GCX_SERIALIZATION_UNREADABLE", reason: "foreign" });
    await expect(coded.getMulti(["a", "b", "b"], {})).rejects.toBeInstanceOf(UnreadableValueError);
    expect(await readValue(coded, "a")).toBe("A");
    expect(told).toHaveLength(3);
  });

  it("is bytes of another key, when values are encrypted", async () => {
    const codec = createCodec(codecSettings({ encryptionKeys: [TEST_KEY] }), host);
    const { store, coded, told } = open({ codec });
    await coded.set("a", write("secret"), {});
    const raw = await store.get("a", {});
    await store.set("b", write(raw?.value), {});
    expect(await coded.get("b", {})).toBe(undefined);
    expect(await readValue(coded, "a")).toBe("secret");
    expect(told).toEqual([["b", "not-authentic"]]);
  });

  it("is whatever a store gives instead of bytes", async () => {
    const { store, told } = open();
    const codec = createCodec(codecSettings(), host);
    const values = new StoredValues(codec, {
      throws: false,
      onUnreadable: (key, { reason }) => told.push([key, reason]),
    });
    for (const value of ["text", 5, null, [1], new ArrayBuffer(2)]) {
      const backend = {
        ...store,
        get: async () => ({ value, version: 1, expiresAt: Number.POSITIVE_INFINITY, tags: [] }),
      };
      expect(await createCodedBackend({ backend, codec, values }).get("k", {})).toBe(undefined);
    }
    expect(told.map(([, reason]) => reason)).toEqual(["foreign", "foreign", "foreign", "foreign", "foreign"]);
  });

  it("counts as absent: a write on absence replaces it, and one that is readable stays", async () => {
    for (const throws of [false, true]) {
      const { store, coded, told } = open({ throws });
      await store.set("k", FOREIGN, {});
      const first = await coded.set("k", write("mine", { condition: absent }), {});
      expect(first.stored).toBe(true);
      expect(first.previous).toBe(undefined);
      const second = await coded.set("k", write("other", { condition: absent }), {});
      expect(second).toEqual({ stored: false, version: first.version });
      expect(await readValue(coded, "k")).toBe("mine");
      expect(told).toEqual([]);
    }
  });

  it("is replaced only as it was met: what another writer put there meanwhile stays", async () => {
    const { store, coded } = open();
    await store.set("k", FOREIGN, {});
    const other = store.openSecond();
    const hold = store.hold("set", { at: "reply", calls: 1 });
    const setting = coded.set("k", write("mine", { condition: absent }), {});
    await hold.arrived();
    const others = createCodec(codecSettings(), host);
    await other.set("k", write(await others.encode("theirs", "k")), {});
    hold.release();
    expect((await setting).stored).toBe(false);
    expect(await readValue(coded, "k")).toBe("theirs");
  });

  it("is replaced by the next try, when another writer put something else there that nobody reads", async () => {
    const { store, coded } = open();
    await store.set("k", FOREIGN, {});
    const other = store.openSecond();
    const hold = store.hold("set", { at: "reply", calls: 1 });
    const setting = coded.set("k", write("mine", { condition: absent }), {});
    await hold.arrived();
    await other.set("k", write(Buffer.from("foreign as well")), {});
    hold.release();
    expect((await setting).stored).toBe(true);
    expect(await readValue(coded, "k")).toBe("mine");
  });

  it("is given up after some tries against a writer that never ends", async () => {
    const { store, coded } = open();
    await store.set("k", FOREIGN, {});
    const other = store.openSecond();
    let writes = 0;
    const busy = {
      ...store,
      // Whatever is seen is another entry by the time it is written over.
      get: async (...parameters: Parameters<Backend["get"]>) => {
        const entry = await store.get(...parameters);
        await other.set("k", FOREIGN, {});
        return entry;
      },
      set: async (...parameters: Parameters<Backend["set"]>) => {
        writes += 1;
        const result = await store.set(...parameters);
        await other.set("k", FOREIGN, {});
        return result;
      },
    };
    const codec = createCodec(codecSettings(), host);
    const values = new StoredValues(codec, { throws: false, onUnreadable: () => undefined });
    const contended = createCodedBackend({ backend: busy, codec, values });
    expect((await contended.set("k", write("mine", { condition: absent }), {})).stored).toBe(false);
    expect(writes).toBeLessThan(6);
    expect(await coded.get("k", {})).toBe(undefined);
  });

  it("is no previous value", async () => {
    const { store, coded, told } = open();
    await store.set("k", FOREIGN, {});
    const result = await coded.set("k", write("mine", { returnPrevious: true }), {});
    expect(result.stored).toBe(true);
    expect(result.previous).toBe(undefined);
    expect(told).toEqual([["k", "foreign"]]);
    const next = await coded.set("k", write("next", { returnPrevious: true }), {});
    expect(next.previous?.value).toBe("mine");
  });

  it("counts as absent in a transaction, which replaces it as it was met", async () => {
    const { store, coded } = open();
    await store.set("a", FOREIGN, {});
    const checks = [
      { key: "a", version: 0 },
      { key: "b", version: 0 },
    ];
    const writes = [
      { key: "a", write: write(1) },
      { key: "b", write: write(2) },
    ];
    expect(await coded.commit?.(checks, writes, {})).toMatchObject({ committed: true });
    expect([await readValue(coded, "a"), await readValue(coded, "b")]).toEqual([1, 2]);
    expect(await coded.commit?.(checks, writes, {})).toEqual({ committed: false, versions: [] });
  });

  it("in a transaction: nothing is written when another part of it was changed", async () => {
    const { store, coded } = open();
    await store.set("a", FOREIGN, {});
    const { version } = await coded.set("b", write("old"), {});
    await coded.set("b", write("new"), {});
    const checks = [
      { key: "a", version: 0 },
      { key: "b", version },
    ];
    expect(await coded.commit?.(checks, [{ key: "a", write: write(1) }], {})).toMatchObject({ committed: false });
    expect((await store.get("a", {}))?.value).toEqual(FOREIGN.value);
    expect(await readValue(coded, "b")).toBe("new");
  });

  it("in a transaction that deletes: it is deleted", async () => {
    const { store, coded } = open();
    await store.set("a", FOREIGN, {});
    const outcome = await coded.commit?.([{ key: "a", version: 0 }], [{ key: "a", write: undefined }], {});
    expect(outcome).toEqual({ committed: true, versions: [0] });
    expect(await store.get("a", {})).toBe(undefined);
  });

  it("can be deleted and given another end like anything else", async () => {
    const { store, coded } = open();
    await store.set("a", FOREIGN, {});
    expect(await coded.expire("a", 60_000, {})).toBe(true);
    expect(await coded.delete("a", {})).toBe(true);
  });
});

describe("errors of the codec that are no faults", () => {
  it("go to the caller as they are, from reads and from writes on absence", async () => {
    const broken = new TypeError("a bug");
    const codec: Codec = {
      ...createCodec(codecSettings(), host),
      encode: () => Buffer.from("x"),
      decode: () => {
        throw broken;
      },
    };
    const { store, coded, told } = open({ codec });
    await store.set("k", FOREIGN, {});
    await expect(async () => coded.get("k", {})).rejects.toBe(broken);
    await expect(coded.set("k", write(1, { condition: absent }), {})).rejects.toBe(broken);
    expect(told).toEqual([]);
  });

  it("and faults that come later are faults", async () => {
    const codec: Codec = {
      ...createCodec(codecSettings(), host),
      decode: () => Promise.reject(new CodecFault("damaged", "late")),
    };
    const { store, coded, told } = open({ codec });
    await store.set("k", FOREIGN, {});
    expect(await coded.get("k", {})).toBe(undefined);
    expect(told).toEqual([["k", "damaged"]]);
  });
});
