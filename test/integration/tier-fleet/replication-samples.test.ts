import { describe, expect, it } from "vitest";
import { findFailovers, type ReplicationSample, readReplication, type SampledServer } from "./replication-samples.ts";

function sample(from: number, offset: number, more: Partial<ReplicationSample> = {}): ReplicationSample {
  return {
    from,
    to: from + 1,
    isPrimary: true,
    primaryPort: undefined,
    offset,
    clientCount: 1,
    sharedOffset: 0,
    ...more,
  };
}

const follows = { isPrimary: false, primaryPort: 1 } as const;
const replica: SampledServer = {
  port: 2,
  kills: [],
  samples: [sample(10, 100, follows), sample(20, 165, follows), sample(30, 170, { sharedOffset: 165 })],
};

describe("what servers say of themselves", () => {
  it("shows who took over, and since when changes of the old one may be missing", () => {
    const old: SampledServer = { port: 1, kills: [25], samples: [sample(10, 100), sample(15, 160), sample(21, 200)] };
    expect(findFailovers([old, replica])).toEqual([{ oldPort: 1, newPort: 2, from: 15, promotedAt: 20, to: 25 }]);
  });

  it("shows how long there were two: until the old one follows, or its last client has left", () => {
    const samples = [sample(15, 160), sample(31, 200), sample(40, 210, { clientCount: 0 }), sample(50, 210, follows)];
    const toOf = (old: readonly ReplicationSample[]): number | undefined =>
      findFailovers([{ port: 1, kills: [], samples: old }, replica])[0]?.to;
    expect(toOf(samples)).toBe(41);
    expect(toOf(samples.map((each) => ({ ...each, clientCount: 1 })))).toBe(51);
    // Somebody comes back.
    expect(toOf([...samples.slice(0, 3), sample(45, 215), sample(50, 215, follows)])).toBe(51);
    expect(toOf(samples.slice(0, 2))).toBe(Number.POSITIVE_INFINITY);
  });

  it("is read from the server's words", () => {
    const asked = { from: 1, to: 2, clientCount: 3 };
    const words =
      "# Replication\r\nrole:slave\r\nmaster_port:7\r\nslave_repl_offset:50\r\nmaster_repl_offset:60\r\nsecond_repl_offset:-1\r\n";
    const said = { ...asked, isPrimary: false, primaryPort: 7, offset: 50, sharedOffset: 0 };
    expect(readReplication(words, asked)).toEqual(said);
    const primary = "role:master\r\nmaster_repl_offset:60\r\nsecond_repl_offset:41\r\n";
    const told = { ...asked, isPrimary: true, primaryPort: undefined, offset: 60, sharedOffset: 40 };
    expect(readReplication(primary, asked)).toEqual(told);
  });
});
