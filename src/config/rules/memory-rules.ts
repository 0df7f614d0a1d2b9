import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import type { MemoryConfig } from "../sections/memory-config.ts";
import { listMemorySections } from "./active-sections.ts";
import { type Located, refuse } from "./rule.ts";

/** What belongs to values in this thread's heap, and says nothing about bytes that threads share. */
const HEAP_FIELDS = ["evictionPolicy", "copy", "weigher"] as const satisfies readonly (keyof MemoryConfig)[];
/** Bounds that a shared memory was made with. */
const BOUND_FIELDS = ["maxSize", "maxKeys"] as const satisfies readonly (keyof MemoryConfig)[];

/** Memory of one thread, or memory that threads share: each has settings that the other cannot honour. */
export function checkMemory(config: CacheConfig): readonly Problem[] {
  return listMemorySections(config).flatMap(checkSection);
}

function checkSection({ path, section: memory }: Located<MemoryConfig>): readonly Problem[] {
  if (memory.storage !== "shared") {
    if (memory.shared === undefined) return [];
    const message = `${path}.shared needs ${path}.storage "shared". Set it, or leave ${path}.shared out.`;
    return [refuse(`${path}.shared`, message)];
  }
  const problems = HEAP_FIELDS.filter((name) => memory[name] !== undefined && memory[name] !== false).map((name) =>
    refuse(
      `${path}.${name}`,
      `${path}.${name} is of the heap: shared memory copies values, weighs their bytes and has one policy. Leave it out, or set ${path}.storage to "heap".`,
    ),
  );
  if (memory.shared !== undefined) {
    const bounds = BOUND_FIELDS.filter((name) => memory[name] !== undefined);
    return [...problems, ...bounds.map((name) => refuse(`${path}.${name}`, boundsMessage(path, name)))];
  }
  const isUnbounded = memory.maxSize === false || memory.maxSize === Number.POSITIVE_INFINITY;
  if (isUnbounded)
    problems.push(refuse(`${path}.maxSize`, `Shared memory is one block, so ${path}.maxSize must be a size.`));
  return problems;
}

function boundsMessage(path: string, name: string): string {
  return `The bounds of ${path}.shared were set when it was made. Leave ${path}.${name} out, or give it to createSharedMemory.`;
}
