import { types } from "node:util";
import { CodecFault } from "../codec-fault.ts";

/**
 * Turns the maps of what msgpackr read into plain objects. It makes objects itself, and faster, but writes other names than it read: `__proto_` for
 * `__proto__`, and texts for numbers. Other programs' bytes, without an envelope, may have all of these.
 *
 * @throws CodecFault `malformed` for a map with a key that is no text
 */
export function objectsOfMaps(tree: unknown): unknown {
  if (Array.isArray(tree)) {
    for (const [index, part] of tree.entries()) tree[index] = objectsOfMaps(part);
    return tree;
  }
  if (!types.isMap(tree)) return tree;
  const object = {};
  for (const [name, part] of tree) {
    if (typeof name !== "string") throw new CodecFault("malformed", "a map with a key that is no text");
    const value = objectsOfMaps(part);
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return object;
}
