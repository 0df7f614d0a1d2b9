import { types } from "node:util";
import type { PathStep } from "../../../src/entry/uncopyable-part.ts";

/** A name behind a dot, a name in quotes, or a number. */
const STEP = /\.([A-Za-z_$][\w$]*)|\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]/gsy;

/**
 * The steps of a path as errors write it: `$.user.tags[3]["odd name"]`.
 *
 * @throws Error when it is none
 */
export function parsePath(path: string): readonly PathStep[] {
  if (!path.startsWith("$")) throw new Error(`${path} does not begin at the root`);
  const steps: PathStep[] = [];
  let at = 1;
  while (at < path.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(path);
    if (match === null) throw new Error(`${path} has no step at ${at}`);
    at = STEP.lastIndex;
    const [, name, quoted, number] = match;
    steps.push(name ?? (quoted === undefined ? Number(number) : (JSON.parse(quoted) as string)));
  }
  return steps;
}

/**
 * The parts that a path may mean: more than one only because a member of a `Map` is both its key and its value.
 *
 * @returns an empty list when it leads nowhere
 */
export function partsAt(value: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = [value];
  // A map in itself would double them at each step.
  for (const step of parsePath(path)) found = [...new Set(found.flatMap((part) => inside(part, step)))];
  return found;
}

function inside(part: unknown, step: PathStep): readonly unknown[] {
  if (typeof part !== "object" || part === null) return [];
  if (types.isMap(part) && typeof step === "number") return [...part][step] ?? [];
  if (types.isSet(part) && typeof step === "number") return step < part.size ? [[...part][step]] : [];
  // A hole of an array is a place, too.
  const isPlace = Array.isArray(part) && typeof step === "number" && step < part.length;
  if (!isPlace && !Object.hasOwn(part, step)) return [];
  return [(part as Record<PathStep, unknown>)[step]];
}
