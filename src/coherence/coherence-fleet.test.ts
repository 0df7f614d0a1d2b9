import { describe, expect, it } from "vitest";
import { systemClock } from "../foundation/clock.ts";
import { systemScheduler } from "../foundation/scheduler.ts";
import { CoherenceFleet } from "./coherence-fleet.ts";
import { CoherenceNode } from "./coherence-node.ts";
import type { CoherenceTransport, TransportListener } from "./transport.ts";

const timing = { clock: systemClock, scheduler: systemScheduler, maxStalenessMs: 1_000 } as const;

function fleetOf(open: (listener: TransportListener) => Promise<void>): CoherenceFleet {
  const transport: CoherenceTransport = {
    ...{ name: "test", isFedByStore: false, open },
    ...{ broadcast: () => undefined, send: () => undefined, peers: () => [], close: () => undefined },
  };
  const none = (): void => undefined;
  const drops = { dropOlder: none, dropCopy: none, dropTags: none, dropNamespace: none, dropAll: none };
  const sink = { ...drops, holdsCopy: () => false };
  const node = new CoherenceNode({
    shardCount: 1,
    shardOf: () => 0,
    isWithin: () => false,
    sink,
    tier: undefined,
    ...timing,
  });
  return new CoherenceFleet({ transports: [transport], nodeId: "a", node, listNodes: undefined, ...timing });
}

describe("a fleet that is opened again", () => {
  it("leaves alone what is open, and what opens", async () => {
    let openCount = 0;
    let finish: () => void = () => undefined;
    const fleet = fleetOf(async () => {
      openCount += 1;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    const first = fleet.open();
    const second = fleet.open();
    finish();
    await Promise.all([first, second]);
    await fleet.open();
    expect(openCount).toBe(1);
  });

  it("opens anew what did not open", async () => {
    let openCount = 0;
    const fleet = fleetOf(async () => {
      openCount += 1;
      if (openCount === 1) throw new Error("The port is taken.");
    });
    await expect(fleet.open()).rejects.toThrow("The port is taken.");
    await fleet.open();
    expect(openCount).toBe(2);
  });
});
