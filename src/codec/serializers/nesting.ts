/**
 * Whether a value that `JSON.parse` made is nested deeper than `maxDepth`. A text of `n` characters nests `n / 2` levels at most, so short ones
 * need no look. O(parts)
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
