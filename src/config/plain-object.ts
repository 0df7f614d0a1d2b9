/** An object with keys, as JSON makes them. */
export type PlainObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object literal or came from JSON: no list, no instance of a class. Also true for those of another realm. */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether a key named `__proto__` hides anywhere inside plain objects and lists: copied carelessly, it would change the prototype. */
export function hidesPrototypeKey(value: unknown): boolean {
  const seen = new Set<unknown>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    const isList = Array.isArray(next);
    if ((!isList && !isPlainObject(next)) || seen.has(next)) continue;
    seen.add(next);
    if (Object.hasOwn(next, "__proto__")) return true;
    for (const child of isList ? next : Object.values(next)) pending.push(child);
  }
  return false;
}
