import { describe, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { defineBackendConformance } from "../../src/testing/define-backend-conformance.ts";
import { createForwardingBackend } from "../../src/tiers/forwarding-backend.ts";
import { type OwnerNode, OwnerWorld } from "../support/owners/owner-world.ts";

/** Rights that last for as long as a case: cases let months pass in one step, and each third of a right would be one. */
const MONTH_MS = 30 * 86_400_000;

defineBackendConformance({
  name: "two nodes that keep the keys themselves",
  time: "fake",
  exclusiveData: true,
  runner: { describe, it },
  skip: {
    "leaves other clients of the same data working": "a node that goes takes along what it owns",
  },
  create: ({ clock, scheduler }) => {
    const world = new OwnerWorld({ clock, scheduler, delayMs: 0, boundMs: MONTH_MS });
    world.search = "dialing";
    const nodes = [world.start("a", [], false), world.start("b", ["a"], false)] as const;
    // Both are there before either acts, and go together: a node that goes takes along what it owns.
    const open = async (): Promise<void> => {
      for (const { fleet } of nodes) fleet.open();
      world.goOnTo("over");
      // No case moves the clock while it waits for an answer.
      await Promise.all(nodes.map(({ fleet }) => fleet.settle({})));
    };
    const asClient = ({ backend }: OwnerNode, close: () => void): Backend =>
      Object.assign(createForwardingBackend(backend), { connect: open, close });
    return {
      backend: asClient(nodes[0], () => world.close()),
      openSecond: () => asClient(nodes[1], () => undefined),
      dispose: () => world.close(),
    };
  },
});
