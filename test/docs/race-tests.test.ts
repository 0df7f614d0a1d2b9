import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/design/loading.md", ROOT), "utf8");

/** Rows of the protocol's table that are about loads, and the stores that each is shown against. */
const RACES = [1, 2, 3, 4, 5, 6, 15, 16, 17, 18, 22, 23, 24, 26];
const STORES = ["memory", "Redis", "Memcached"] as const;
type StoreName = (typeof STORES)[number];

/** What a file of tests imports when it opens the store: the server's start, or a list of stores of which it is one. */
const SIGNS: Readonly<Record<StoreName, RegExp>> = {
  memory: /\bopenMemoryCache\b|from "\.\/tag-table\.ts"/,
  Redis: /\/start-redis\.ts"|\b(?:LOAD_TIER|FLEET)_STORES\b/,
  Memcached: /\/start-memcached\.ts"|\b(?:ALL_LOAD_TIER|FLEET)_STORES\b/,
};

interface RaceTest {
  readonly races: readonly number[];
  readonly stores: readonly string[];
  readonly title: string;
  readonly file: string;
}

function raceTestsIn(text: string): readonly RaceTest[] {
  const [, between = ""] = /<!-- raceTests -->([\s\S]*?)<!-- \/raceTests -->/.exec(text) ?? [];
  const [, , ...lines] = between.trim().split("\n");
  return lines.map((line) => {
    const [races = "", stores = "", title = "", file = ""] = line.split("|").slice(1, -1);
    return {
      races: races.split(",").map(Number),
      stores: stores.split(",").map((store) => store.trim()),
      title: title.trim(),
      file: file.replaceAll("`", "").trim(),
    };
  });
}

/** Whether a test of that title is in the text, and is run: the title is the first argument of `it`, or of what `it.each` returns. */
function hasTest(text: string, title: string): boolean {
  const literal = title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:\\bit|\\))\\(\\s*["'\`]${literal}["'\`],`).test(text);
}

const tests = raceTestsIn(page);

describe("the tests of races that docs/design/loading.md names", () => {
  it("leave out no race and no store", () => {
    const shown = new Set(
      tests.flatMap(({ races, stores }) => races.flatMap((race) => stores.map((store) => `${race} ${store}`))),
    );
    expect([...shown].toSorted()).toEqual(
      RACES.flatMap((race) => STORES.map((store) => `${race} ${store}`)).toSorted(),
    );
  });

  it("are about the races that the page tells of", () => {
    const [, told = ""] = /## Races, and where each is closed\n([\s\S]*?)\n## /.exec(page) ?? [];
    expect([...told.matchAll(/^\| (\d+) \|/gm)].map(([, race]) => Number(race))).toEqual(RACES);
  });

  it.each(tests)("exist: $title, in $file", ({ title, file }) => {
    expect(existsSync(new URL(file, ROOT)), fileURLToPath(new URL(file, ROOT))).toBe(true);
    expect(hasTest(readFileSync(new URL(file, ROOT), "utf8"), title)).toBe(true);
  });

  it.each(tests)("open the stores that are named: $title", ({ stores, file }) => {
    const text = readFileSync(new URL(file, ROOT), "utf8");
    expect(stores.filter((store) => !SIGNS[store as StoreName].test(text))).toEqual([]);
  });
});
