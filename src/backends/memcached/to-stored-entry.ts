import type { StoredEntry } from "../../backend/stored-entry.ts";
import { entryVersionIn, type Item } from "./item-layout.ts";

const NO_TAGS: readonly string[] = Object.freeze([]);

/** An item as the contract has it. @param itemVersion version of the item */
export function toStoredEntry(item: Item, itemVersion: number): StoredEntry {
  const { payload, expiresAt, tags } = item;
  const version = entryVersionIn(item, itemVersion);
  return { value: payload, version, expiresAt, tags: tags.length === 0 ? NO_TAGS : tags.map(({ tag }) => tag) };
}
