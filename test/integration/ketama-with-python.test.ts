import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { MAPPING_KEYS } from "../compat/sharding/mapping-cases.ts";

const folder = fileURLToPath(new URL("../compat/sharding/", import.meta.url));

it("finds the servers that another implementation of ketama finds", () => {
  const files = readdirSync(`${folder}vectors`).filter((file) => file.startsWith("ketama-"));
  const script = `${folder}ketama_reference.py`;
  const output = execFileSync("python3", [script, ...files.map((file) => `${folder}vectors/${file}`)], {
    encoding: "utf8",
  });
  expect(files.length).toBeGreaterThanOrEqual(3);
  expect(Number(output)).toBe(files.length * MAPPING_KEYS.length);
});
