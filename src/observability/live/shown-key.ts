/** Keys may be 64 KiB long; a list of them must stay small. */
const MAX_SHOWN_LENGTH = 256;

/** A key as it is kept in lists: at most 256 characters of it. */
export function cutKey(key: string): string {
  return key.length > MAX_SHOWN_LENGTH ? `${key.slice(0, MAX_SHOWN_LENGTH)}…` : key;
}

/** A key in a sentence, with its namespace: `"shop/eu: cart:1"` in quotes. */
export function shownKey({ key, namespace }: { readonly key: string; readonly namespace: string }): string {
  return JSON.stringify(namespace === "" ? cutKey(key) : `${namespace}: ${cutKey(key)}`);
}
