import { EntryTooLargeError } from "../../foundation/errors.ts";
import type { KeyHash } from "./key-hash.ts";
import { HEADER_BYTES, MAX_SCOPE_COUNT, RECORD, TAGS_FLAG, toFlags, unitsOf, WIDE_KEY_FLAG } from "./record-format.ts";
import { toTagText } from "./record-text.ts";
import { LIST_UNITS } from "./record-writer.ts";
import type { ScopeHashes } from "./scope-hashes.ts";
import type { SegmentTable } from "./segment-table.ts";
import type { SharedSlab } from "./shared-slab.ts";
import { UNIT_BYTES } from "./slab-layout.ts";
import type { ValueCodec } from "./value-codec.ts";

/** An entry measured and ready to be written; its value stands in the codec. */
export interface RecordBody {
  readonly key: string;
  readonly isNarrowKey: boolean;
  readonly keyHash: number;
  readonly keyBytes: number;
  readonly tagText: string;
  readonly scopes: ScopeHashes;
  /** Size without the list of siblings. */
  readonly units: number;
}

/**
 * Measures an entry.
 *
 * @param hash of the key
 * @throws EntryTooLargeError when it does not fit into a segment
 */
export function measureBody(
  slab: SharedSlab,
  codec: ValueCodec,
  hash: KeyHash,
  entry: { readonly key: string; readonly tags: readonly string[]; readonly scopes: ScopeHashes },
): RecordBody {
  const { key, tags, scopes } = entry;
  const tagText = tags.length === 0 ? "" : toTagText(tags);
  const keyBytes = hash.isNarrow ? key.length : key.length * 2;
  const units = unitsOf(keyBytes + codec.byteCount + tagText.length * 2, scopes.length / 2);
  const limitUnits = slab.layout.segmentUnits - LIST_UNITS;
  if (units > limitUnits || scopes.length / 2 > MAX_SCOPE_COUNT) {
    throw new EntryTooLargeError(units * UNIT_BYTES, limitUnits * UNIT_BYTES);
  }
  return { key, isNarrowKey: hash.isNarrow, keyHash: hash.high, keyBytes, tagText, scopes, units };
}

/** Writes all of a record but its versions and list, at a place that only this thread knows. */
export function writeBody(
  slab: SharedSlab,
  segments: SegmentTable,
  codec: ValueCodec,
  place: number,
  body: RecordBody,
): void {
  const { i32 } = slab;
  const word = place * 2;
  const { key, keyBytes, tagText, scopes, units } = body;
  const bits = codec.kind | (body.isNarrowKey ? 0 : WIDE_KEY_FLAG) | (tagText === "" ? 0 : TAGS_FLAG);
  i32[word + RECORD.flags] = toFlags(bits, scopes.length / 2, 0);
  i32[word + RECORD.hash] = body.keyHash;
  i32[word + RECORD.keyBytes] = keyBytes;
  i32[word + RECORD.valueBytes] = codec.byteCount;
  i32[word + RECORD.tagBytes] = tagText.length * 2;
  const segment = segments.of(place);
  const target = slab.segments[segment] as Buffer;
  const at = (place - segments.startOf(segment)) * UNIT_BYTES + HEADER_BYTES;
  if (body.isNarrowKey) writeNarrowKey(slab.u8, place * UNIT_BYTES + HEADER_BYTES, key);
  else target.write(key, at, keyBytes, "ucs2");
  codec.write(target, at + keyBytes);
  if (tagText !== "") target.write(tagText, at + keyBytes + codec.byteCount, tagText.length * 2, "ucs2");
  const scopeAt = word + (units - scopes.length / 2) * 2;
  for (let index = 0; index < scopes.length; index += 1) i32[scopeAt + index] = scopes[index] as number;
}

function writeNarrowKey(u8: Uint8Array, at: number, key: string): void {
  for (let index = 0; index < key.length; index += 1) u8[at + index] = key.charCodeAt(index);
}
