import { HttpProblem } from "./problem.ts";
import { fromWireValue, parseTtlText } from "./wire-value.ts";

/** A JSON object of a body. */
export type BodyFields = Readonly<Record<string, unknown>>;

/**
 * A TTL: milliseconds or text. What text is none is left for the cache to refuse.
 *
 * @throws HttpProblem 400
 */
export function readTtl(fields: BodyFields, name: string): number | string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "number") return value;
  if (typeof value === "string") return parseTtlText(value);
  throw new HttpProblem(400, `"${name}" must be milliseconds or text such as "5m".`);
}

/**
 * Tags; which texts are tags the cache knows.
 *
 * @throws HttpProblem 400
 */
export function readTags(fields: BodyFields): readonly string[] | undefined {
  const { tags } = fields;
  if (tags === undefined || isTexts(tags)) return tags;
  throw new HttpProblem(400, '"tags" must be an array of strings.');
}

/**
 * Text that has to be there.
 *
 * @throws HttpProblem 400
 */
export function readText(fields: BodyFields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new HttpProblem(400, `"${name}" must be a string.`);
}

/**
 * A list with at least one and at most so many elements.
 *
 * @throws HttpProblem 400 for something else, 413 beyond the limit
 */
export function readList(fields: BodyFields, name: string, maxCount: number): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length === 0)
    throw new HttpProblem(400, `"${name}" must be an array with at least one element.`);
  assertListLength(name, value.length, maxCount);
  return value as readonly unknown[];
}

/**
 * Refuses what is too much for one request.
 *
 * @throws HttpProblem 413
 */
export function assertListLength(name: string, count: number, maxCount: number): void {
  if (count <= maxCount) return;
  throw new HttpProblem(413, `"${name}" may have up to ${maxCount} elements (the node's maxBatchKeyCount).`);
}

/**
 * Keys of a batch.
 *
 * @throws HttpProblem 400, 413
 */
export function readKeys(fields: BodyFields, maxCount: number): readonly string[] {
  const keys = readList(fields, "keys", maxCount);
  if (isTexts(keys)) return keys;
  throw new HttpProblem(400, '"keys" must be an array of strings.');
}

/**
 * One element of a list as an object with the given fields and no others.
 *
 * @throws HttpProblem 400
 */
export function readElement(value: unknown, list: string, fields: readonly string[]): BodyFields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new HttpProblem(400, `Each element of "${list}" must be an object.`);
  const unknown = Object.keys(value).find((name) => !fields.includes(name));
  if (unknown === undefined) return value as BodyFields;
  throw new HttpProblem(
    400,
    `Unknown field ${JSON.stringify(unknown.slice(0, 40))} in an element of "${list}". Known here: ${fields.join(", ")}.`,
  );
}

/**
 * A value to write, with `type` as {@link fromWireValue} reads it.
 *
 * @throws HttpProblem 400
 */
export function readItemValue({ value, type }: BodyFields, list: string): unknown {
  const read = fromWireValue(value, type);
  if (read !== undefined) return read;
  throw new HttpProblem(
    400,
    `Each element of "${list}" needs a "value"; with "type" "bytes" it is base64, with "bigint" decimal text, else "json" or nothing.`,
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === "string");
}
