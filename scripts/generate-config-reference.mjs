// Writes docs/reference/config.md from the tables in src/config. Run it after a change there; a unit test compares.
import { mkdir, writeFile } from "node:fs/promises";
import { importSource } from "./import-source.mjs";

const { renderConfigReference } = await importSource("src/config/reference-page.ts");
const folder = new URL("../docs/reference/", import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL("config.md", folder), renderConfigReference());
