import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { systemScheduler } from "../../foundation/scheduler.ts";
import { probeServer, readFeatures, readOffset } from "./server-probe.ts";

const clock = { wallMs: () => 1_700_000_000_000, monotonicMs: () => 5 };
const host = { clock, scheduler: systemScheduler, random: createSeededRandom(1) };

describe("what a server says of itself", () => {
  it("is read from INFO, whatever product it is", () => {
    expect(readFeatures("a:1", "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n")).toEqual({
      address: "a:1",
      server: "redis 7.0.15",
      mode: "standalone",
      version: [7, 0, 15],
    });
    const valkey = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\nserver_mode:cluster\r\n";
    expect(readFeatures("a:1", valkey)).toMatchObject({ server: "valkey 8.1.0", mode: "cluster", version: [8, 1, 0] });
    expect(readFeatures("a:1", "")).toEqual({ address: "a:1", server: undefined, mode: undefined, version: [] });
  });

  it("tells how far its clock is ahead", async () => {
    expect(readOffset([Buffer.from("1700000001"), Buffer.from("500000")], 1_700_000_000_000)).toBe(1_500);
    for (const none of [null, [], [Buffer.from("x"), Buffer.from("1")]]) expect(readOffset(none, 0)).toBeUndefined();
    const sendCommand = async ([command]: readonly (string | Buffer)[]): Promise<unknown> =>
      command === "TIME" ? [Buffer.from("1700000002"), Buffer.from("0")] : Buffer.from("redis_version:6.2.0\r\n");
    expect(await probeServer({ sendCommand }, "a:1", host)).toMatchObject({
      clockOffsetMs: 2_000,
      features: { version: [6, 2, 0] },
    });
  });

  it("may be nothing, for an account that may not ask; a password that is missing is told", async () => {
    const refuse = (message: string) => ({ sendCommand: () => Promise.reject(new Error(message)) });
    const probe = await probeServer(refuse("NOPERM this user has no permissions"), "a:1", host);
    expect(probe).toMatchObject({ clockOffsetMs: undefined, features: { server: undefined } });
    await expect(probeServer(refuse("NOAUTH Authentication required."), "a:1", host)).rejects.toThrow("NOAUTH");
    await expect(probeServer(refuse("Socket closed unexpectedly"), "a:1", host)).rejects.toThrow("Socket closed");
  });
});
