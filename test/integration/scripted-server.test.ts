import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type ScriptedServer, type ScriptStep, startScriptedServer } from "./support/scripted-server.ts";

const servers: ScriptedServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(...scripts: readonly (readonly ScriptStep[])[]): Promise<ScriptedServer> {
  const server = await startScriptedServer(scripts);
  servers.push(server);
  return server;
}

interface Client {
  readonly socket: Socket;
  readonly chunks: Buffer[];
  text(): string;
}

async function join({ host, port }: ScriptedServer): Promise<Client> {
  const socket = connect({ host, port, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  sockets.push(socket);
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return { socket, chunks, text: () => Buffer.concat(chunks).toString("latin1") };
}

describe("a scripted server", () => {
  it("answers what it expects, however the request is cut", async () => {
    const server = await serve([
      { kind: "expect", bytes: "*1\r\n" },
      { kind: "expect-match", pattern: /PING\r\n/ },
      { kind: "answer", bytes: "+PONG\r\n" },
    ]);
    const { socket, text } = await join(server);
    for (const piece of ["*1", "\r\n$4\r", "\nPING", "\r\n"]) socket.write(piece);
    await expect.poll(text).toBe("+PONG\r\n");
    expect(server.failures).toEqual([]);
    expect(server.received()).toBe("*1\r\n$4\r\nPING\r\n");
  });

  it("says what came instead of what it expected, and resets", async () => {
    const server = await serve([{ kind: "expect", bytes: "mg key v\r\n" }]);
    const { socket } = await join(server);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write("mg kex v\r\n");
    await closed;
    expect(server.failures).toEqual([expect.stringContaining("mg kex v")]);
  });

  it("says that the client left too early", async () => {
    const server = await serve([{ kind: "expect-match", pattern: /end/ }]);
    (await join(server)).socket.end("no");
    await expect.poll(() => server.failures.length).toBe(1);
  });

  it("gives every connection its own script and the last one to all others", async () => {
    const server = await serve([{ kind: "answer", bytes: "1" }], [{ kind: "answer", bytes: "2" }]);
    for (const expected of ["1", "2", "2"]) await expect.poll((await join(server)).text).toBe(expected);
    expect(server.connectionCount()).toBe(3);
  });

  it("sends in single bytes without losing one", async () => {
    const server = await serve([{ kind: "answer", bytes: "abcdefghij", sliceBytes: 1 }]);
    const { text, chunks } = await join(server);
    await expect.poll(text).toBe("abcdefghij");
    expect(chunks.length).toBeGreaterThan(1);
  });

  it("waits until the test says so, and then resets in the middle of a reply", async () => {
    const server = await serve([
      { kind: "answer", bytes: "$5\r\nhe" },
      { kind: "wait-for", gate: "cut" },
      { kind: "reset" },
    ]);
    const { socket, text } = await join(server);
    await expect.poll(text).toBe("$5\r\nhe");
    const failed = once(socket, "error");
    server.open("cut");
    expect(((await failed)[0] as NodeJS.ErrnoException).code).toBe("ECONNRESET");
  });

  it("closes its half and still reads", async () => {
    const server = await serve([{ kind: "half-close" }, { kind: "expect", bytes: "still here" }]);
    const { socket } = await join(server);
    await once(socket, "end");
    socket.write("still here");
    await expect.poll(() => server.received()).toBe("still here");
    expect(server.failures).toEqual([]);
  });

  it("answers all that matches until the client leaves", async () => {
    const server = await serve([
      { kind: "answer-all", answer: (received) => (received.endsWith("\r\n") ? `<${received.trim()}>` : undefined) },
    ]);
    const { socket, text } = await join(server);
    socket.write("one\r\n");
    await expect.poll(text).toBe("<one>");
    socket.write("two\r\n");
    await expect.poll(text).toBe("<one><two>");
    socket.end();
  });
});
