import { expect, it } from "vitest";
import { startExample } from "./example-process.ts";

/** What the example prints, one step a line. */
const EXPECTED_LINES = [
  /nothing to load yet +GCX_SNAPSHOT_STREAM/,
  /first 1,000 requests, cold +\d+ % hits/,
  /dumped: entries, left out +\d{3} 1$/m,
  /in a file of about +\d+ KB/,
  /loaded: entries, over or not free +\d{3} 1$/m,
  /first 1,000 requests, warm +100 % hits/,
  /types are as they were +true Set\(2\) \{ 'new', 'sale' \}/,
  /the TTL went on +true/,
  /tags still work +false/,
  /is refused +GCX_SNAPSHOT_CORRUPT/,
  /and nothing of it stays +0$/m,
];

it("the warm-restart example is cold once, warm after, and refuses a damaged file", async () => {
  const { code, stdout, stderr } = await startExample("warm-restart/main.mjs").ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  let rest = stdout;
  for (const line of EXPECTED_LINES) {
    expect(rest).toMatch(line);
    const match = line.exec(rest) as RegExpExecArray;
    rest = rest.slice(match.index + match[0].length);
  }
  const [cold, warm] = [...stdout.matchAll(/(\d+) % hits/g)].map((match) => Number(match[1]));
  expect(cold).toBeLessThan(warm as number);
});
