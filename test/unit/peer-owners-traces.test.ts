import { afterEach, beforeEach, expect, it } from "vitest";
import type { CallSpan, CallTracer } from "../../src/events/call-tracer.ts";
import type { CarriedTrace } from "../../src/events/carried-trace.ts";
import { serveTraced } from "../../src/tiers/owners/serve-traced.ts";
import { keyOwnedBy, type OwnerNode, OwnerWorld, textWrite } from "../support/owners/owner-world.ts";

const CARRIED: CarriedTrace = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=1",
};
const CARRIED_TEXT = `${CARRIED.traceparent} vendor=1`;

let world: OwnerWorld;

beforeEach(() => {
  world = new OwnerWorld();
});
afterEach(() => world.close());

/** Carries one trace, and keeps what it is told of spans. */
class ServedTracer implements CallTracer {
  readonly lines: string[] = [];
  readonly #carried: CarriedTrace | undefined;

  constructor(carried: CarriedTrace | undefined) {
    this.#carried = carried;
  }
  startCall(): undefined {
    return undefined;
  }
  startLoad(): undefined {
    return undefined;
  }
  note(): void {
    this.lines.push("noted beside");
  }
  startRequest(): undefined {
    return undefined;
  }
  carry(): CarriedTrace | undefined {
    return this.#carried;
  }
  startServed(operation: string, carried: CarriedTrace | undefined): CallSpan {
    this.lines.push(`${operation} of ${carried?.traceparent} ${carried?.tracestate}`);
    return {
      run: (work) => work(),
      note: (event, attributes) => this.lines.push(`${operation} ${event} ${JSON.stringify(attributes)}`),
      end: (outcome, error) => {
        const { code = "" } = (error ?? {}) as { readonly code?: string };
        this.lines.push(`${operation} ${outcome} ${code}`.trim());
      },
    };
  }
}

/** Two nodes of which the first asks, in a trace or in none. */
async function startTraced(carried: CarriedTrace | undefined): Promise<[OwnerNode, OwnerNode, ServedTracer]> {
  const [a, b] = (await world.startAll("a", "b")) as [OwnerNode, OwnerNode];
  const served = new ServedTracer(undefined);
  a.tracing.current = new ServedTracer(carried);
  b.tracing.current = served;
  return [a, b, served];
}

it("what another node asks in a trace is a span of that trace, ended when it is carried out", async () => {
  const [a, , served] = await startTraced(CARRIED);
  await world.run(Promise.resolve(a.backend.set(keyOwnedBy("b", a), textWrite("1"), {})));
  expect(served.lines).toEqual([`set of ${CARRIED_TEXT}`, "set ok"]);
});

it("what is asked in no trace, and this node's own keys, are no spans", async () => {
  const [a, b, served] = await startTraced(undefined);
  await world.run(Promise.resolve(a.backend.set(keyOwnedBy("b", a), textWrite("1"), {})));
  await world.run(Promise.resolve(b.backend.set(keyOwnedBy("b", a), textWrite("2"), {})));
  await world.pass(1_000);
  expect(served.lines).toEqual([]);
});

it("a list of keys, which takes longer, is one span until it is there", async () => {
  const [a, , served] = await startTraced(CARRIED);
  await world.run(Promise.resolve(a.backend.set(keyOwnedBy("b", a), textWrite("1"), {})));
  served.lines.length = 0;
  const keys: string[] = [];
  const list = async (): Promise<void> => {
    for await (const slice of a.backend.scan?.("", {}) ?? []) keys.push(...slice);
  };
  await world.run(list());
  expect(keys.length).toBe(1);
  expect(served.lines.slice(0, 2)).toEqual([`scan of ${CARRIED_TEXT}`, "scan ok"]);
});

it("what the owner cannot do is an error of that span, by its code", async () => {
  const [a, , served] = await startTraced(CARRIED);
  const key = keyOwnedBy("b", a);
  await world.run(Promise.resolve(a.backend.set(key, textWrite("no number"), {})));
  const request = { delta: 1n, initial: 0n, ttlMs: 1_000, minimum: 0n, maximum: 10n };
  await world.run(Promise.resolve(a.backend.increment?.(key, request as never, {})).catch(() => undefined));
  expect(served.lines.at(-1)).toBe("increment error GCX_COUNTER_TYPE");
});

it.each([{ kind: "later", waitMs: 5 } as const, { kind: "away" } as const])(
  "what the owner may not do is no error but a note: who asked comes back (%j)",
  (reply) => {
    const tracer = new ServedTracer(undefined);
    expect(serveTraced({ current: tracer }, "set", CARRIED, () => reply)).toBe(reply);
    expect(tracer.lines).toEqual([`set of ${CARRIED_TEXT}`, `set refused {"reason":"${reply.kind}"}`, "set ok"]);
  },
);
