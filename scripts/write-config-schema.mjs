// Writes dist/config.schema.json from the schema that the code itself validates with. Runs after every build.
import { writeFile } from "node:fs/promises";
import { importSource } from "./import-source.mjs";

const { configJsonSchema } = await importSource("src/config/json-schema.ts");
const target = new URL("../dist/config.schema.json", import.meta.url);
await writeFile(target, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
