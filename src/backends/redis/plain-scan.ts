import type { OperationContext } from "../../backend/backend.ts";
import { scanKeys } from "./key-scan.ts";
import { decodeKeyText, globOfPrefix } from "./key-text.ts";
import { KEY_STEM } from "./redis-key-layout.ts";
import type { StoreParts } from "./store-parts.ts";

/** The keys with a prefix that hold a text, each once, whoever wrote them. Ours for locks and operations are left out. */
export async function* scanPlainKeys(
  { client, name }: StoreParts,
  prefix: string,
  { signal }: OperationContext,
): AsyncGenerator<readonly string[]> {
  const listed = new Set<string>();
  const pattern = globOfPrefix("", prefix);
  for await (const slice of scanKeys({ name, client, pattern, extra: ["TYPE", "string"], signal })) {
    const found: string[] = [];
    for (const key of slice.map(decodeKeyText)) {
      if (!key.startsWith(prefix) || key.startsWith(KEY_STEM) || listed.has(key)) continue;
      listed.add(key);
      found.push(key);
    }
    if (found.length > 0) yield found;
  }
}
