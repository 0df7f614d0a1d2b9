import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { dialLink } from "./dial-link.ts";
import type { GrpcLibrary } from "./grpc-library.ts";
import { resolveGrpcTransport } from "./resolve-grpc-transport.ts";
import { encodeHello } from "./wire/frame.ts";
import type { Hello } from "./wire/hello.ts";

const helloOf = (nodeId: string): Hello => ({
  ...{ newestVersion: 1, oldestVersion: 1, nodeId, address: "", cluster: "", dialNumber: 1, endedLink: undefined },
});

class SilentStream extends EventEmitter {
  write(): boolean {
    return true;
  }
  end(): void {
    // Nobody reads.
  }
  cancel(): void {
    // Nobody hears.
  }
}

/** A dial of 5 s to somebody who says nothing yet. Its timers run when they are told to, however late. */
async function dial() {
  const stream = new SilentStream();
  const told: string[] = [];
  const timers = new Set<() => void>();
  let nowMs = 0;
  const library = {
    credentials: { createInsecure: () => ({}) },
    Metadata: class {},
    Client: class {
      makeBidiStreamRequest = () => stream;
      close(): void {
        // There is nothing.
      }
    },
  } as unknown as GrpcLibrary;
  dialLink({
    ...{ library, settings: resolveGrpcTransport({ token: undefined }), address: "10.0.0.1:7000" },
    clock: { monotonicMs: () => nowMs },
    scheduler: {
      after: (_delayMs, task) => {
        timers.add(task);
        return { cancel: () => void timers.delete(task) };
      },
    },
    ...{ serverName: undefined, openSockets: new Set(), hello: helloOf("a") },
    onGreeted: (_link, { nodeId }) => void told.push(`greeted by ${nodeId}`),
    onFailed: ({ message }) => void told.push(message),
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  /** All timers are due at this instant. */
  const runAt = (atMs: number): void => {
    nowMs = atMs;
    const due = [...timers];
    timers.clear();
    for (const task of due) task();
  };
  return { stream, told, runAt };
}

describe("a dial", () => {
  it("is given up when its time is over", async () => {
    const { told, runAt } = await dial();
    runAt(5_010);
    expect(told).toEqual(["no answer within 5000 ms"]);
  });

  it("goes on for as long as this process stood still, for an answer may wait unread", async () => {
    const { stream, told, runAt } = await dial();
    runAt(9_000);
    expect(told).toEqual([]);
    stream.emit("data", encodeHello(helloOf("b")));
    expect(told).toEqual(["greeted by b"]);
  });

  it("is given up in a process that stands still again and again, too", async () => {
    const { told, runAt } = await dial();
    for (let atMs = 9_000; told.length === 0 && atMs < 60_000; atMs += 4_000 + 1_000) runAt(atMs);
    expect(told).toEqual(["no answer within 5000 ms"]);
  });
});
