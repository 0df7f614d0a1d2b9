import type { EntryWrite } from "../../backend/stored-entry.ts";

/** A write with the members that are sent, and no others. Owners keep no sliding TTLs. */
export function toWire(write: EntryWrite): EntryWrite {
  const { value, ttlMs, staleMs, tags, condition, returnPrevious, tagsUnchangedSince } = write;
  return { value, ttlMs, staleMs, tags, condition, returnPrevious, tagsUnchangedSince };
}
