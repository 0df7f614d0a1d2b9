import { afterEach, describe, expect, it } from "vitest";
import type { MetaReply } from "../../src/clients/memcached/meta-message.ts";
import {
  closeClients,
  failureOf,
  get,
  openClient,
  READ,
  readText,
  set,
  type TestClient,
  WRITE,
} from "./support/memcached-clients.ts";
import { greeting, healthyAnswer, serveLines } from "./support/scripted-memcached.ts";
import { type ScriptedServer, type ScriptStep, startScriptedServer } from "./support/scripted-server.ts";

const TIMEOUT_MS = 300;
let server: ScriptedServer | undefined;

afterEach(async () => {
  await closeClients();
  await server?.stop();
  server = undefined;
});

async function open(...scripts: (readonly ScriptStep[])[]): Promise<TestClient & { readonly server: ScriptedServer }> {
  server = await startScriptedServer(scripts);
  return { ...openClient(server.address, { timeoutMs: TIMEOUT_MS }), server };
}

/** A second connection that answers well: what is repeated succeeds there. */
const HEALTHY: readonly ScriptStep[] = [
  serveLines((line) => {
    const [, key, opaque] = /^mg (\S+) O(\d+)/.exec(line) ?? [];
    return key === undefined || line.startsWith("mg gocachex")
      ? undefined
      : `VA ${key.length} O${opaque}\r\n${key}\r\n`;
  }),
];

/** Two reads and a write leave together, and these bytes are all that comes back. */
function answering(bytes: string): readonly ScriptStep[] {
  return [...greeting(), { kind: "expect-match", pattern: /mg b O\d+ v\r\n/ }, { kind: "answer", bytes }];
}

async function callThree(test: TestClient): Promise<readonly PromiseSettledResult<string | undefined>[]> {
  return Promise.allSettled([
    readText(test.client, "a"),
    test.client.send(set("w", "1"), WRITE).then(({ reply }) => reply.status),
    readText(test.client, "b"),
  ]);
}

describe("replies out of step", () => {
  // The requests are O0 (get a), O1 (set w), O2 (get b).
  it.each([
    ["a reply too many", "VA 1 O0\r\na\r\nVA 1 O0\r\na\r\nHD O1\r\nVA 1 O2\r\nb\r\n"],
    ["a miss too many", "VA 1 O0\r\na\r\nEN\r\nHD O1\r\nVA 1 O2\r\nb\r\n"],
    ["a noop's reply too many", "VA 1 O0\r\na\r\nMN\r\nHD O1\r\nVA 1 O2\r\nb\r\n"],
    ["a reply too few", "VA 1 O0\r\na\r\nVA 1 O2\r\nb\r\n"],
    ["replies in another order", "VA 1 O0\r\na\r\nVA 1 O2\r\nb\r\nHD O1\r\n"],
    ["a reply with the number of nobody", "VA 1 O0\r\na\r\nHD O77\r\nVA 1 O2\r\nb\r\n"],
    ["a line of statistics", "VA 1 O0\r\na\r\nSTAT pid 1\r\nHD O1\r\n"],
    ["a reply of the classic protocol", "VA 1 O0\r\na\r\nSTORED\r\nHD O1\r\n"],
    ["bytes that are no protocol", "VA 1 O0\r\na\r\n\x80\x81garbage\r\n\r\n\r\n"],
    ["a value with a wrong length", "VA 1 O0\r\na\r\nVA 1 O1\r\nxyz\r\n"],
    ["a length beyond all bounds", "VA 1 O0\r\na\r\nVA 9999999999 O1\r\n"],
    ["a line without an end", `VA 1 O0\r\na\r\n${"x".repeat(10_000)}`],
    ["ERROR", "VA 1 O0\r\na\r\nERROR\r\nHD O1\r\n"],
  ])("%s: the connection ends, the write's outcome is unknown, and each read gets its own value", async (_, bytes) => {
    const test = await open(answering(bytes), HEALTHY);
    const [first, write, second] = await callThree(test);
    expect(first).toEqual({ status: "fulfilled", value: "a" });
    expect(write).toMatchObject({ status: "rejected", reason: { name: "OutcomeUnknownError" } });
    expect(second).toEqual({ status: "fulfilled", value: "b" });
    expect(test.notices.filter((notice) => notice.kind === "connection" && notice.state === "lost")).toHaveLength(1);
    expect(test.server.failures).toEqual([]);
  });

  it("CLIENT_ERROR to a value: that write was refused, and nothing behind it is believed", async () => {
    const bytes = "VA 1 O0\r\na\r\nCLIENT_ERROR bad data chunk\r\nVA 9 O2\r\nnot for b\r\n";
    const test = await open(answering(bytes), HEALTHY);
    const [first, write, second] = await callThree(test);
    expect(first).toEqual({ status: "fulfilled", value: "a" });
    expect(write).toMatchObject({ reason: { name: "MemcachedServerError", prefix: "CLIENT_ERROR" } });
    expect(second).toEqual({ status: "fulfilled", value: "b" });
  });

  it("SERVER_ERROR: only its request is rejected", async () => {
    const bytes = "SERVER_ERROR out of memory\r\nHD O1\r\nVA 1 O2\r\nb\r\n";
    const test = await open([...answering(bytes), serveLines()]);
    const [first, write, second] = await callThree(test);
    expect(first).toMatchObject({ reason: { name: "MemcachedServerError", prefix: "SERVER_ERROR" } });
    expect(write).toEqual({ status: "fulfilled", value: "HD" });
    expect(second).toEqual({ status: "fulfilled", value: "b" });
    expect(test.client.connections()).toEqual({ open: 1, inFlight: 0, waiting: 0 });
  });

  it("a reply that nobody asked for ends the connection before it can meet a request", async () => {
    const test = await open(
      [...greeting(), { kind: "wait-for", gate: "now" }, { kind: "answer", bytes: "VA 1 O0\r\nx\r\n" }],
      HEALTHY,
    );
    await test.client.connect();
    test.server.open("now");
    await expect.poll(() => test.client.connections().open).toBe(0);
    expect(await readText(test.client, "a")).toBe("a");
  });

  it("a quiet batch whose end or whose replies are wrong gives nobody a wrong miss", async () => {
    for (const bytes of [
      "VA 1 O1\r\nb\r\nVA 1 O0\r\na\r\nMN\r\n",
      "VA 1 O9\r\nx\r\nMN\r\n",
      "EN\r\nMN\r\n",
      "MN\r\n",
      "VA 1 O0\r\na\r\nMN\r\n",
      "HD O0\r\nERROR\r\nMN\r\n",
    ]) {
      const script = [...greeting(), { kind: "expect-match", pattern: /mn\r\n/ }, { kind: "answer", bytes }] as const;
      const test = await open(script, [
        serveLines((line) => {
          const [, key, opaque] = /^mg (a|b) O(\d+)/.exec(line) ?? [];
          return key === undefined ? undefined : `VA 1 O${opaque}\r\n${key}\r\n`;
        }),
      ]);
      const { replies } = await test.client.sendBatch([get("a"), get("b")], READ);
      expect(replies.map((reply) => (reply as MetaReply).value?.toString())).toEqual(["a", "b"]);
      await closeClients();
      await test.server.stop();
    }
  });
});

describe("a connection that breaks in the middle", () => {
  it.each([
    [
      "of a line, by a reset",
      [{ kind: "answer", bytes: "VA 1 O0\r\na\r\nHD" }, { kind: "wait", durationMs: 20 }, { kind: "reset" }],
    ],
    [
      "of a value, by a reset",
      [
        { kind: "answer", bytes: "VA 1 O0\r\na\r\nVA 1000 O1\r\nxyz" },
        { kind: "wait", durationMs: 20 },
        { kind: "reset" },
      ],
    ],
    [
      "of a value, by its end",
      [{ kind: "answer", bytes: "VA 1 O0\r\na\r\nVA 1000 O1\r\nxyz" }, { kind: "half-close" }],
    ],
    ["between two replies", [{ kind: "answer", bytes: "VA 1 O0\r\na\r\n" }, { kind: "close" }]],
  ] satisfies [string, ScriptStep[]][])("%s", async (_, steps) => {
    const test = await open([...greeting(), { kind: "expect-match", pattern: /mg b O\d+ v\r\n/ }, ...steps], HEALTHY);
    const [first, write, second] = await callThree(test);
    expect(first).toEqual({ status: "fulfilled", value: "a" });
    expect(write).toMatchObject({ status: "rejected", reason: { name: "OutcomeUnknownError" } });
    expect(second).toEqual({ status: "fulfilled", value: "b" });
  });
});

describe("a server that reads no more", () => {
  it("rejects what has provably not left as not sent, and the rest as unknown", async () => {
    const test = await open([...greeting(), { kind: "stop-reading" }, { kind: "wait-for", gate: "never" }]);
    await test.client.connect();
    const value = Buffer.alloc(1_000_000);
    const writes = Array.from({ length: 30 }, (_, index) =>
      failureOf(test.client.send(set(`w${index}`, value), WRITE)),
    );
    const outcomes = await Promise.all(writes);
    const names = outcomes.map(({ error }) => error.name);
    expect(names[0]).toBe("OutcomeUnknownError");
    // Nothing was sent: either the connection took nothing in time, or it was given up before.
    const notSent = names.filter((name) => name === "BackendOverloadedError" || name === "BackendUnavailableError");
    const unknown = names.filter((name) => name === "OutcomeUnknownError");
    expect(notSent.length).toBeGreaterThan(0);
    expect(notSent.length + unknown.length).toBe(names.length);
    for (const { tookMs } of outcomes) expect(tookMs).toBeLessThan(2 * TIMEOUT_MS + 1_000);
    expect(test.client.connections()).toMatchObject({ waiting: 0 });
  });
});

describe("a connection on which a reply is overdue", () => {
  it("is not used while another can be had, and again when the reply came", async () => {
    let held = "";
    const slow: readonly ScriptStep[] = [
      serveLines((line) => {
        if (!line.startsWith("mg late ")) return undefined;
        held = line;
        return "";
      }),
    ];
    const test = await open(slow, HEALTHY);
    await test.client.connect();
    const { error } = await failureOf(test.client.send(get("late"), READ));
    expect(error.name).toBe("BackendTimeoutError");
    expect(held).toContain("late");
    const { reply, connection } = await test.client.send(get("a"), READ);
    expect(reply.value?.toString()).toBe("a");
    expect(connection).toBe(2);
    // The first one is given up when the reply does not come for a second time of the deadline.
    await expect.poll(() => test.client.connections().open, { timeout: 2_000 }).toBe(1);
  });
});

describe("a server of another kind", () => {
  it("whose misses carry no number is refused with what to do", async () => {
    const test = await open([serveLines((line) => (line.startsWith("mg ") ? "EN\r\n" : undefined))]);
    const { error } = await failureOf(test.client.connect());
    expect(error.message).toMatch(/1\.6\.18/);
  });

  it("that has no statistics may be another one after each reconnect", async () => {
    const test = await open([serveLines((line) => (line.startsWith("stats") ? "ERROR\r\n" : undefined))]);
    await test.client.connect();
    expect([test.client.version, test.client.incarnation]).toEqual(["1.6.99", 1]);
    await closeClients();
  });

  it("is asked for its features again when its version is another one, and not when it is the same", async () => {
    let version = "1.6.1";
    const known: string[] = [];
    const serve = serveLines((line) => {
      if (line.startsWith("version")) return `VERSION ${version}\r\n`;
      if (line.endsWith(" x")) known.push(version);
      if (line.endsWith(" x") && version === "1.6.2") return `HD${/ O\d+/.exec(line)?.[0]}\r\n`;
      if (line.endsWith(" x")) return "CLIENT_ERROR invalid flag\r\n";
      if (line === "mg bye O0 v" || line.startsWith("mg bye")) return "ERROR\r\n";
      return healthyAnswer(line);
    });
    const test = await open([serve]);
    await test.client.connect();
    expect(test.client.features["removeValue"]).toBe(false);
    for (const next of ["1.6.1", "1.6.2"]) {
      version = next;
      await failureOf(test.client.send(get("bye"), READ));
      await expect
        .poll(() =>
          test.client.connect().then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    }
    expect(test.client.features["removeValue"]).toBe(true);
    expect(known).toContain("1.6.2");
    expect(known.filter((name) => name === "1.6.1")).toHaveLength(1);
  });

  it("is the same for certain when number, start and counts fit", async () => {
    const test = await open([serveLines((line) => (line.startsWith("mg bye") ? "ERROR\r\n" : undefined))]);
    await test.client.connect();
    await failureOf(test.client.send(get("bye"), READ));
    await expect
      .poll(() =>
        test.client.connect().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(test.client.incarnation).toBe(1);
  });
});
