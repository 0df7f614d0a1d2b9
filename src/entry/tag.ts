import { InvalidArgumentError } from "../foundation/errors.ts";

/** Longest tag, in UTF-16 code units. */
export const MAX_TAG_LENGTH = 1_024;
/** Most tags on one entry. */
export const MAX_TAGS_PER_ENTRY = 128;

/**
 * Checks a list of tags and removes repetitions.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_TAG`
 */
export function resolveTags(tags: unknown): readonly string[] {
  if (!Array.isArray(tags)) throw invalid("tags must be an array of strings.");
  const unique = new Set<string>();
  for (const tag of tags as unknown[]) {
    if (typeof tag !== "string" || tag.length === 0 || tag.length > MAX_TAG_LENGTH) {
      throw invalid(`A tag must be a string of 1 to ${MAX_TAG_LENGTH} characters.`);
    }
    unique.add(tag);
  }
  if (unique.size > MAX_TAGS_PER_ENTRY) throw invalid(`At most ${MAX_TAGS_PER_ENTRY} tags; got ${unique.size}.`);
  return [...unique];
}

function invalid(message: string): InvalidArgumentError {
  return new InvalidArgumentError("GCX_ARGUMENT_TAG", "tags", message);
}
