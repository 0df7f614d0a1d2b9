import { expect, it } from "vitest";
import { startExample } from "./example-process.ts";

/** What the example prints, one step a line; the numbers are those of a fresh memory cache. */
const EXPECTED_LINES = [
  /get +\{ name: 'Ada', languages: Set\(2\) \{ 'en', 'fr' \} \}/,
  /get of an unknown key +undefined/,
  /delete, then exists +true false/,
  /a stored null is a hit +null/,
  /right after the write +abc/,
  /after its 50 ms +undefined/,
  /remaining ms of 5m, rounded to seconds +300000/,
  /getMulti .+ +Map\(2\) \{ 'price:1' => 10, 'price:2' => 20 \}/,
  /deleteMulti +1$/m,
  /keys with a prefix +\[ 'price:2', 'price:3' \]/,
  /increment twice +1 11/,
  /decrement +10/,
  /increment by a bigint +9007199254740993n/,
  /setNX, twice +true false/,
  /getSet returns what was there +node-a/,
  /compareAndSet .+ +true false/,
  /update +20/,
  /three callers at once, one load +3 1/,
  /a fourth caller finds it +1/,
  /after invalidateTags it is loaded again +2/,
  /getOrSetMulti.+ +Map\(2\) \{ 'a' => 'A', 'b' => 'B' \}/,
  /the same key in two namespaces +Shop Blog/,
  /clear of one leaves the other +undefined Blog/,
  /moved in one step +40 Map\(2\) \{ 'account:a' => 60, 'account:b' => 40 \}/,
  /lock, with a fencing token +true/,
  /somebody else has to wait +true GCX_LOCK_NOT_ACQUIRED/,
  /release +true/,
  /event "set" +watched/,
  /health +up/,
  /a call afterwards +GCX_CACHE_CLOSED/,
];

it("the basic example prints what each step should give, in order, and ends in under 3 seconds", async () => {
  const startedAt = performance.now();
  const { code, stdout, stderr } = await startExample("basic/main.mjs").ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  let rest = stdout;
  for (const line of EXPECTED_LINES) {
    expect(rest).toMatch(line);
    const match = line.exec(rest) as RegExpExecArray;
    rest = rest.slice(match.index + match[0].length);
  }
  expect(stdout.match(/event "set"/g)).toHaveLength(1);
});
