import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { createPicker } from "../../../src/sharding/create-picker.ts";
import { MAPPING_CASES, MAPPING_KEYS, type MappingCase } from "./mapping-cases.ts";

/** A mapping as it is kept: keys in JSON, and for each the name of its node. */
interface MappingVectors {
  readonly algorithm: string;
  readonly nodes: readonly { readonly name: string; readonly weight: number }[];
  readonly settings: unknown;
  readonly mapping: readonly (readonly [key: string, node: string])[];
}

const folder = new URL("./vectors/", import.meta.url);

function vectorsOf(mappingCase: MappingCase): MappingVectors {
  const { algorithm, nodes, settings = {} } = mappingCase;
  const picker = createPicker(algorithm, nodes, settings);
  const mapping = MAPPING_KEYS.map((key) => [key, picker.nodes[picker.pick(key)]?.name ?? ""] as const);
  return { algorithm, nodes, settings, mapping };
}

/** Data lives where these say. A change of them is a change of where everybody's data is: never rewrite, only add. */
describe("mappings of keys to nodes", () => {
  it.each(MAPPING_CASES)("$name is what it always was", (mappingCase) => {
    const file = new URL(`${mappingCase.name}.json`, folder);
    const actual = vectorsOf(mappingCase);
    if (process.env["ADD_VECTORS"] === "1") {
      mkdirSync(folder, { recursive: true });
      // `wx`: what is there stays.
      writeFileSync(file, `${JSON.stringify(actual, undefined, 1)}\n`, { flag: "wx" });
    }
    expect(actual).toEqual(JSON.parse(readFileSync(file, "utf8")));
  });

  it("does not depend on the order of the nodes where names decide", () => {
    for (const { algorithm, nodes, settings } of MAPPING_CASES) {
      if (!["consistent", "ketama", "rendezvous"].includes(algorithm)) continue;
      const turned = createPicker(algorithm, [...nodes].reverse(), settings);
      const picker = createPicker(algorithm, nodes, settings);
      for (const key of MAPPING_KEYS) {
        expect(turned.nodes[turned.pick(key)]?.name).toBe(picker.nodes[picker.pick(key)]?.name);
      }
    }
  });
});
