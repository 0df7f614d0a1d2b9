import { expect, it } from "vitest";
import { startExample } from "./example-process.ts";

/** A size, or what to install when the package is not there. */
const SIZE = String.raw`(\d+ bytes|skipped: \S+ is not installed)`;

/** What the example prints, one step a line. */
const EXPECTED_LINES = [
  /Date, Set, Map, BigInt, .+ +true true$/m,
  /plain data is JSON .+ +\{"id":7,"name":"Ada"\}$/m,
  /an integer is its digits, .+ +42$/m,
  /what would be lost is refused, .+ +GCX_SERIALIZATION_VALUE \$\.onClick$/m,
  /json +\d+ bytes$/m,
  new RegExp(`msgpack .+ +${SIZE}$`, "m"),
  /json, gzip: .+ +\d+ bytes$/m,
  /json, gzip with a dictionary +\d+ bytes$/m,
  new RegExp(`json, zstd with it .+ +${SIZE}$`, "m"),
  /the store sees the secret +false$/m,
  /\[new, old\] reads .+ +the name of the cat$/m,
  /\[new\] reads .+ +\{ user: 7 \}$/m,
  /what the old one wrote for a miss +undefined unknown-key$/m,
  /moved to another key +undefined not-authentic$/m,
  /one bit flipped +undefined damaged$/m,
  /getOrSet loads it anew +\{ amount: 100 \}$/m,
  /another program's bytes +undefined foreign$/m,
  /with unreadableValues: "error" +GCX_SERIALIZATION_UNREADABLE foreign$/m,
  /what Go wrote +7 Ada \[ 'admin', 'editor' \] 2026-01-02T03:04:05\.000Z$/m,
  /what Go will read names its fields +true$/m,
  /instances of a class come back as such +true 59\.90 EUR$/m,
];

it("the codec example reads back equal, shrinks small records with a dictionary, and takes what it cannot read for a miss", async () => {
  const { code, stdout, stderr } = await startExample("codec/main.mjs").ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  let rest = stdout;
  for (const line of EXPECTED_LINES) {
    expect(rest).toMatch(line);
    const match = line.exec(rest) as RegExpExecArray;
    rest = rest.slice(match.index + match[0].length);
  }
  const [json, gzip, withDictionary] = [
    /json +(\d+) bytes/,
    /json, gzip: .+ +(\d+) bytes/,
    /dictionary +(\d+) bytes/,
  ].map((pattern) => Number(pattern.exec(stdout)?.[1]));
  expect(gzip).toBeGreaterThan((json as number) / 2);
  expect(withDictionary).toBeLessThan((json as number) / 2);
});
