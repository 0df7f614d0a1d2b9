import { describe, expect, it } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import type { RedisArgument, RedisCallOptions, RedisClient, RedisNode } from "../../clients/redis/redis-client.ts";
import { type RedisReply, RedisServerError } from "../../clients/redis/redis-reply.ts";
import type { RedisScript } from "../../clients/redis/redis-script.ts";
import { systemClock } from "../../foundation/clock.ts";
import { BackendUnavailableError, OutcomeUnknownError } from "../../foundation/errors.ts";
import { systemRandom } from "../../foundation/random-source.ts";
import { systemScheduler } from "../../foundation/scheduler.ts";
import { createRedisBackend } from "./redis-backend.ts";
import type { RedisMode } from "./redis-backend-settings.ts";
import { redisBackend } from "./redis-store.ts";

interface SentCall {
  readonly name: string;
  readonly args: readonly RedisArgument[];
  readonly options: RedisCallOptions;
}

/** A client that notes what it is given and answers as it is told; nothing goes anywhere. */
function scriptedClient(
  answer: (call: SentCall) => RedisReply | Error,
  details: Partial<Pick<RedisClient, "topology" | "resendsCommands" | "addressOfSlot">> = {},
): { readonly client: RedisClient; readonly sent: SentCall[] } {
  const sent: SentCall[] = [];
  const reply = async (call: SentCall): Promise<RedisReply> => {
    sent.push(call);
    const given = answer(call);
    if (given instanceof Error) throw given;
    return given;
  };
  const node: RedisNode = {
    address: "a:1",
    call: (args, options) => reply({ name: String(args[0]), args, options }),
  };
  const client: RedisClient = {
    topology: "single",
    resendsCommands: false,
    connect: async () => undefined,
    close: async () => undefined,
    call: (_, args, options) => reply({ name: String(args[0]), args, options }),
    runScript: (_: number, { name }: RedisScript, keys, args, options) =>
      reply({ name, args: [...keys, ...args], options }),
    primaries: () => [node],
    addressOfSlot: () => "a:1",
    connections: () => [
      { address: "a:1", role: "primary", open: 2, inFlight: 3, waiting: 4 },
      { address: "b:1", role: "primary", open: 1, inFlight: 1, waiting: 1 },
    ],
    features: () => [],
    clockOffsetMs: () => 0,
    ...details,
  };
  return { client, sent };
}

function open(client: RedisClient, mode: RedisMode = "coherent"): Required<Backend> {
  const host = { clock: systemClock, random: systemRandom, scheduler: systemScheduler, onRemoval: () => undefined };
  return createRedisBackend({ name: "store", client, mode }, host) as Required<Backend>;
}

const WRITE = { value: Buffer.from("v"), ttlMs: 1_000, tags: [] };
const COUNT = { delta: 1n, initial: 0n, ttlMs: 1_000, minimum: 0n, maximum: 9n };
const nothing = ({ args }: SentCall): RedisReply => args.slice(1).map(() => null);

describe("a Redis store", () => {
  it("sends all reads of a turn in one command, those of the next turn in another", async () => {
    const { client, sent } = scriptedClient(nothing);
    const backend = open(client);
    await Promise.all([backend.get("a", {}), backend.getMulti(["b", "@ns:c"], {}), backend.get("d", {})]);
    await backend.get("e", {});
    expect(sent.map(({ name, args }) => [name, args.length])).toEqual([
      ["MGET", 1 + 4 + 2],
      ["MGET", 1 + 1 + 1],
    ]);
  });

  it("splits long batches, so that a server answers others in between", async () => {
    const { client, sent } = scriptedClient(nothing);
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    expect(await open(client).getMulti(keys, {})).toHaveLength(300);
    expect(sent.map(({ args }) => args.length)).toEqual([130, 130, 46]);
  });

  it("sends all changes of a turn in one script, in their order, and counts beside them", async () => {
    const { client, sent } = scriptedClient(({ name }) => (name === "count" ? [[1, Buffer.from("1"), 5]] : [7, 1, 8]));
    const backend = open(client);
    const [first, removed, second, counted] = await Promise.all([
      backend.set("a", WRITE, {}),
      backend.delete("a", {}),
      backend.set("a", WRITE, {}),
      backend.increment("n", COUNT, {}),
    ]);
    expect([first, removed, second]).toEqual([{ stored: true, version: 7 }, true, { stored: true, version: 8 }]);
    expect(counted).toEqual({ value: 1n, version: 5 });
    expect(sent.map(({ name }) => name)).toEqual(["apply", "count"]);
  });

  it("takes the short script for writes that ask nothing", async () => {
    const { client, sent } = scriptedClient(() => [7, 8]);
    await open(client).setMulti(
      [
        ["a", WRITE],
        ["b", WRITE],
      ],
      {},
    );
    expect(sent.map(({ name }) => name)).toEqual(["set"]);
  });

  it("lays large values down before the script, but not again for a while when it did not find them, nor in a cluster", async () => {
    const large = { ...WRITE, value: Buffer.alloc(3_000) };
    const replies = [[0], [7], [8]];
    const { client, sent } = scriptedClient(({ name }) =>
      name === "set" ? (replies.shift() as number[]) : Buffer.from("OK"),
    );
    const backend = open(client);
    expect(await backend.set("a", large, {})).toMatchObject({ version: 7 });
    expect(await backend.set("a", large, {})).toMatchObject({ version: 8 });
    expect(sent.map(({ name }) => name)).toEqual(["SET", "set", "set", "set"]);
    const [staging, first] = sent as [SentCall, SentCall];
    expect(first.args).toContain(staging.args[1]);
    const cluster = scriptedClient(() => [7], { topology: "cluster" });
    await open(cluster.client).set("a", large, {});
    expect(cluster.sent.map(({ name }) => name)).toEqual(["set"]);
  });

  it("keeps several writes of one key of a batch in their order by waiting for each", async () => {
    const { client, sent } = scriptedClient(({ args }) =>
      args.filter((arg) => String(arg).includes(":k")).map(() => 7),
    );
    await open(client).setMulti(
      [
        ["k", WRITE],
        ["k2", WRITE],
        ["k", WRITE],
      ],
      {},
    );
    expect(sent).toHaveLength(2);
  });

  it("sends nothing for callers that left before", async () => {
    const { client, sent } = scriptedClient(nothing);
    const backend = open(client);
    const controller = new AbortController();
    const reads = [
      backend.get("a", { signal: controller.signal }),
      backend.set("a", WRITE, { signal: controller.signal }),
    ];
    controller.abort(new Error("gone"));
    for (const outcome of await Promise.allSettled(reads)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { message: "gone" } });
    }
    expect(sent).toEqual([]);
  });

  it.each(["coherent", "plain"] as const)(
    "gives counts an id where the client sends again by itself, %s",
    async (mode) => {
      const answer = (): RedisReply => (mode === "plain" ? [1, Buffer.from("1")] : [[1, Buffer.from("1"), 5]]);
      const resending = scriptedClient(answer, { resendsCommands: true });
      const exact = scriptedClient(answer);
      await open(resending.client, mode).increment("n", COUNT, {});
      await open(exact.client, mode).increment("n", COUNT, {});
      expect(resending.sent[0]?.options.kind).toBe("idempotent-write");
      expect(exact.sent[0]?.options.kind).toBe("write");
    },
  );

  it("tells each caller of a call that failed what became of its own operation", async () => {
    const { client } = scriptedClient(() => new OutcomeUnknownError("client", "set"));
    const backend = open(client);
    const outcomes = await Promise.allSettled([
      backend.set("a", WRITE, {}),
      backend.delete("b", {}),
      backend.expire("c", 5, {}),
    ]);
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toMatchObject([
      { code: "GCX_BACKEND_OUTCOME_UNKNOWN", backend: "client", operation: "set" },
      { code: "GCX_BACKEND_OUTCOME_UNKNOWN", backend: "store", operation: "delete" },
      { code: "GCX_BACKEND_OUTCOME_UNKNOWN", backend: "store", operation: "expire" },
    ]);
  });

  it("says what a server's refusal means, without keys and values", async () => {
    const refusals = { OOM: /maxmemory/, NOPERM: /permission/, NOAUTH: /password/, READONLY: /replica/, XYZ: /cause/ };
    for (const [prefix, remedy] of Object.entries(refusals)) {
      const { client } = scriptedClient(() => new RedisServerError(`${prefix} secret`));
      const failure = await Promise.resolve(open(client).set("a key", WRITE, {})).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "GCX_BACKEND_FAILED", message: expect.stringMatching(remedy) });
      expect((failure as Error).message).not.toMatch(/secret|a key/);
    }
  });

  it("refuses a transaction over several shards of a cluster before it sends anything", async () => {
    for (const mode of ["coherent", "plain"] as const) {
      const { client, sent } = scriptedClient(nothing, { topology: "cluster" });
      const backend = open(client, mode);
      expect(backend.capabilities.transactions).toBe("co-located");
      expect(backend.areColocated(["a", "b"])).toBe(false);
      expect(backend.areColocated(["{x}a", "{x}b"])).toBe(true);
      const writes = [
        { key: "a", write: WRITE },
        { key: "b", write: WRITE },
      ];
      await expect(backend.commit([], writes, {})).rejects.toMatchObject({
        code: "GCX_OPERATION_UNSUPPORTED",
        message: expect.stringMatching(/\{hash tag\}/),
      });
      expect(sent).toEqual([]);
    }
  });

  it("refuses a value that Redis cannot hold before it sends anything", () => {
    const { client, sent } = scriptedClient(nothing);
    const value = { byteLength: 2 ** 30 };
    expect(() => open(client).set("a", { ...WRITE, value }, {})).toThrowError(
      expect.objectContaining({ code: "GCX_ENTRY_TOO_LARGE" }),
    );
    expect(sent).toEqual([]);
  });

  it("adds its connections up", () => {
    expect(open(scriptedClient(nothing).client).connections()).toEqual({ open: 3, inFlight: 4, waiting: 5 });
  });

  it("reports a server that does not answer as down, with the reason", async () => {
    const { client } = scriptedClient(() => new BackendUnavailableError("store", "report", "store: a:1 is away."));
    expect(await open(client).report({})).toMatchObject({
      nodes: [{ node: "a:1", status: "down", message: "store: a:1 is away.", connections: { open: 2 } }],
    });
  });
});

describe("a listing", () => {
  async function list(backend: Backend): Promise<string[]> {
    const found: string[] = [];
    for await (const slice of backend.scan?.("", {}) ?? []) found.push(...slice);
    return found;
  }

  it("begins anew when another process answers in the middle, and names each key once", async () => {
    const processes = ["one", "two", "two", "two"];
    const { client, sent } = scriptedClient(({ name, args }) => {
      if (name === "INFO") return Buffer.from(`run_id:${processes.shift()}\r\n`);
      return args[1] === "0"
        ? [Buffer.from("9"), [Buffer.from("a")]]
        : [Buffer.from("0"), [Buffer.from("b"), Buffer.from("a")]];
    });
    expect(await list(open(client, "plain"))).toEqual(["a", "b"]);
    expect(sent.filter(({ name }) => name === "SCAN")).toHaveLength(4);
  });

  it("fails when servers never stay the same, rather than leaving keys out", async () => {
    let process = 0;
    const { client } = scriptedClient(({ name }) => {
      process += 1;
      return name === "INFO" ? Buffer.from(`run_id:${process}\r\n`) : [Buffer.from("0"), []];
    });
    await expect(list(open(client, "plain"))).rejects.toMatchObject({ code: "GCX_BACKEND_FAILED", operation: "scan" });
  });

  it("begins anew when slots of a cluster moved meanwhile", async () => {
    let owner = 0;
    const { client, sent } = scriptedClient(
      ({ name }) => {
        if (name === "INFO") return Buffer.from("run_id:one\r\n");
        owner = 1;
        return [Buffer.from("0"), [Buffer.from("a")]];
      },
      { topology: "cluster", addressOfSlot: () => `a:${owner}` },
    );
    expect(await list(open(client, "plain"))).toEqual(["a"]);
    expect(sent.filter(({ name }) => name === "SCAN")).toHaveLength(2);
  });

  it("leaves out what the store keeps for itself", async () => {
    const { client } = scriptedClient(({ name }) =>
      name === "INFO"
        ? Buffer.from("run_id:one\r\n")
        : [Buffer.from("0"), ["user", "{gcx:07}llock", "{gcx:p}o1"].map((key) => Buffer.from(key))],
    );
    expect(await list(open(client, "plain"))).toEqual(["user"]);
  });
});

describe("reads from replicas", () => {
  const topologyOf = (readFrom: "primary" | "replica" | "nearest" | "random") =>
    ({ kind: "cluster", addresses: ["127.0.0.1:7000"], maxRedirects: 5, readFrom }) as const;

  it.each(["replica", "nearest", "random"] as const)(
    "are refused in mode coherent, and taken in mode plain: %s",
    (readFrom) => {
      const topology = topologyOf(readFrom);
      expect(() => redisBackend({ topology })).toThrow(expect.objectContaining({ code: "GCX_CONFIG_INVALID" }));
      expect(redisBackend({ topology, mode: "plain" }).name).toBe("redis");
      expect(redisBackend({ topology: topologyOf("primary") }).name).toBe("redis");
    },
  );
});
