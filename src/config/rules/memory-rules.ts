import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import type { MemoryConfig } from "../sections/memory-config.ts";
import { refuse } from "./rule.ts";

/** What belongs to values in this thread's heap, and says nothing about bytes that threads share. */
const HEAP_FIELDS = ["evictionPolicy", "copy", "weigher"] as const satisfies readonly (keyof MemoryConfig)[];
/** Bounds that a shared memory was made with. */
const BOUND_FIELDS = ["maxSize", "maxKeys"] as const satisfies readonly (keyof MemoryConfig)[];

/** Memory of one thread, or memory that threads share: each has settings that the other cannot honour. */
export function checkMemory(config: CacheConfig): readonly Problem[] {
  const { memory } = config;
  if (memory === undefined) return [];
  if (memory.storage !== "shared") {
    return memory.shared === undefined
      ? []
      : [refuse("memory.shared", 'memory.shared needs memory.storage "shared". Set it, or leave memory.shared out.')];
  }
  const problems = HEAP_FIELDS.filter((name) => memory[name] !== undefined && memory[name] !== false).map((name) =>
    refuse(
      `memory.${name}`,
      `memory.${name} is of the heap: shared memory copies values, weighs their bytes and has one policy. Leave it out, or set memory.storage to "heap".`,
    ),
  );
  if (memory.shared !== undefined) {
    const bounds = BOUND_FIELDS.filter((name) => memory[name] !== undefined);
    return [...problems, ...bounds.map((name) => refuse(`memory.${name}`, boundsMessage(name)))];
  }
  const isUnbounded = memory.maxSize === false || memory.maxSize === Number.POSITIVE_INFINITY;
  if (isUnbounded)
    problems.push(refuse("memory.maxSize", "Shared memory is one block, so memory.maxSize must be a size."));
  return problems;
}

function boundsMessage(name: string): string {
  return `The bounds of memory.shared were set when it was made. Leave memory.${name} out, or give it to createSharedMemory.`;
}
