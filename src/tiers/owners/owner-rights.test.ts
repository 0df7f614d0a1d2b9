import { describe, expect, it } from "vitest";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { OwnerRights, type RightAsk, type RightGrant } from "./owner-rights.ts";

const RIGHT_MS = 1_000;
const QUIET_MS = 1_020;

/** What a node says that has lost nobody, and has done nothing alone. */
const REST = { lostForMs: Number.POSITIVE_INFINITY, viewNumber: 1, ownedWithout: 0 };

function setUp() {
  const time = createFakeTime();
  const asked: RightAsk[] = [];
  const told: string[] = [];
  const rights = new OwnerRights({
    ...{ nodeId: "a", clock: time.clock, rightMs: RIGHT_MS, quietMs: QUIET_MS },
    // Shards are dealt out in turn.
    pickOwners: (members, shardCount) => Uint16Array.from({ length: shardCount }, (_, shard) => shard % members.length),
    ask: (_to, ask) => void asked.push(ask),
    onBegin: (shard) => void (shard === 0 && told.push("begin")),
    onDrop: (shard) => void (shard === 0 && told.push("drop")),
    onOutdated: () => void told.push("outdated"),
    onView: () => undefined,
  });
  const grant = (more: Partial<RightGrant> = {}): void =>
    rights.takeGrant("b", { ...(asked.at(-1) as RightAsk), ...REST, ...more });
  const answer = (): RightGrant | undefined => rights.answer("b", { view: rights.view?.id ?? "", sentAtMs: 1 });
  return { time, asked, told, rights, grant, answer };
}

describe("the rights of a node", () => {
  it("last from when it asked, however late the answer comes", () => {
    const { time, rights, grant } = setUp();
    rights.setPeers(["b"]);
    time.advance(900);
    grant();
    expect(rights.isAgreed()).toBe(true);
    time.advance(101);
    expect(rights.isAgreed()).toBe(false);
    rights.askAll();
    grant();
    expect(rights.isAgreed()).toBe(true);
  });

  it("are not given by who has another view, nor by an older answer, nor by one from the future", () => {
    const { time, asked, rights } = setUp();
    rights.setPeers(["b"]);
    const { view, sentAtMs } = asked.at(-1) as RightAsk;
    rights.takeGrant("b", { view: "another", sentAtMs, ...REST });
    rights.takeGrant("c", { view, sentAtMs, ...REST });
    rights.takeGrant("b", { view, sentAtMs: sentAtMs + 1e9, ...REST });
    expect(rights.isAgreed()).toBe(false);
    expect(rights.hasGrantOf("b")).toBe(false);
    expect(rights.answer("b", { view: "another", sentAtMs: 1 })).toBeUndefined();
    time.advance(1);
    rights.takeGrant("b", { view, sentAtMs, ...REST });
    expect(rights.isAgreed()).toBe(true);
    expect(rights.hasGrantOf("b")).toBe(true);
  });

  it("begin at once where nobody was lost, and else D + e after any member has lost a node", () => {
    const joined = setUp();
    joined.rights.setPeers(["b"]);
    joined.grant();
    expect(joined.rights.quietMs(0)).toBe(0);
    expect(joined.rights.settledForMs).toBe(Number.POSITIVE_INFINITY);
    const other = setUp();
    other.rights.setPeers(["b"]);
    other.grant({ lostForMs: 300 });
    expect(other.rights.quietMs(0)).toBe(QUIET_MS - 300);
    expect(other.rights.settledForMs).toBe(300 - QUIET_MS);
    const own = setUp();
    own.rights.noteLoss(own.time.clock.monotonicMs() - 200);
    own.rights.setPeers(["b"]);
    own.grant();
    expect(own.rights.quietMs(0)).toBe(QUIET_MS - 200);
  });

  it("begin with a quiet time when a node that was let own has gone, and without one when it has said so", () => {
    const killed = setUp();
    killed.rights.setPeers(["b"]);
    // The other one acts by this, and this one does not yet.
    expect(killed.answer()?.lostForMs).toBe(Number.POSITIVE_INFINITY);
    killed.rights.setPeers([]);
    expect(killed.rights.quietMs(0)).toBe(QUIET_MS);
    const left = setUp();
    left.rights.setPeers(["b"]);
    left.answer();
    left.rights.setPeers([], (id) => id === "b");
    expect(left.rights.quietMs(0)).toBe(0);
  });

  it("keep what is owned while others come and go, and end it when others have owned without this node", () => {
    const { told, rights, grant } = setUp();
    rights.setPeers(["b"]);
    grant({ ownedWithout: 3 });
    told.splice(0);
    rights.noteServed(false);
    rights.setPeers([]);
    rights.setPeers(["b"]);
    grant({ ownedWithout: 3 });
    expect(told).toEqual([]);
    rights.setPeers([]);
    rights.setPeers(["b"]);
    grant({ ownedWithout: 4 });
    expect(told).toEqual(["drop", "outdated", "begin"]);
    expect(rights.quietMs(0)).toBe(QUIET_MS);
  });

  it("wait anew when a member was with others meanwhile, whom this node does not know of", () => {
    const { time, rights, grant } = setUp();
    rights.setPeers(["b"]);
    grant({ viewNumber: 1 });
    time.advance(300);
    rights.askAll();
    grant({ viewNumber: 1 });
    expect(rights.quietMs(0)).toBe(0);
    time.advance(300);
    rights.askAll();
    grant({ viewNumber: 3, lostForMs: 100 });
    expect(rights.quietMs(0)).toBe(QUIET_MS - 100);
  });

  it("say to a node that was away whether others may have owned without it", () => {
    const { time, rights, grant, answer } = setUp();
    rights.setPeers(["b"]);
    grant();
    const before = answer()?.ownedWithout;
    rights.setPeers([]);
    rights.noteServed(false);
    time.advance(QUIET_MS - 1);
    rights.setPeers(["b"]);
    expect(answer()?.ownedWithout).toBe(before);
    rights.setPeers([]);
    rights.noteServed(false);
    time.advance(QUIET_MS);
    rights.setPeers(["b"]);
    expect(answer()?.ownedWithout).not.toBe(before);
  });

  it("say to a node that was away whether what was gained without it was acted for, whoever went after it", () => {
    const { time, asked, rights, grant, answer } = setUp();
    const answerTo = (id: string) => rights.answer(id, { view: rights.view?.id ?? "", sentAtMs: 1 })?.ownedWithout;
    rights.setPeers(["b", "c"]);
    const before = [answerTo("b"), answerTo("c")];
    rights.setPeers(["c"]);
    rights.takeGrant("c", { ...(asked.at(-1) as RightAsk), ...REST });
    time.advance(QUIET_MS - 100);
    rights.setPeers([]);
    time.advance(100);
    // What it gained when the first went; of what it gained when the second went it may not change anything yet.
    expect(rights.quietMs(0)).toBe(0);
    expect(rights.restQuietMs).toBe(QUIET_MS - 100);
    rights.noteServed(false);
    rights.setPeers(["b"]);
    grant();
    expect(answer()?.ownedWithout).not.toBe(before[0]);
    rights.setPeers(["b", "c"]);
    expect(answerTo("c")).toBe(before[1]);
  });

  it("say to a node that was away that this one acted alone for what it had gained by a view that nobody used", () => {
    const { time, rights, answer } = setUp();
    rights.setPeers(["b"]);
    const before = answer()?.ownedWithout;
    rights.setPeers([]);
    time.advance(QUIET_MS);
    rights.setPeers(["c"]);
    rights.setPeers([]);
    expect(rights.quietMs(0)).toBe(0);
    rights.noteServed(false);
    rights.setPeers(["b"]);
    expect(answer()?.ownedWithout).not.toBe(before);
  });

  it("say to a node that was away whether all shards were changed without it, which needs no quiet time", () => {
    const { rights, answer } = setUp();
    rights.setPeers(["b"]);
    const before = answer()?.ownedWithout;
    rights.setPeers([]);
    rights.noteServed(true);
    rights.setPeers(["b"]);
    expect(answer()?.ownedWithout).not.toBe(before);
  });

  it("say to a node that is met first what this one has done before", () => {
    const unused = setUp();
    unused.rights.setPeers([]);
    unused.rights.setPeers(["b"]);
    expect(unused.answer()?.ownedWithout).toBe(0);
    const used = setUp();
    used.rights.setPeers([]);
    used.rights.noteServed(false);
    used.rights.setPeers(["b"]);
    expect(used.answer()?.ownedWithout).toBe(1);
  });
});
