/** The first and last byte pair of what WTF-8 writes for half a surrogate pair: `ED A0 80` … `ED BF BF`. */
const LONE_LEAD = 0xed;
const LONE_SECOND_MIN = 0xa0;
const REPLACEMENT = "\ufffd";
/** In this mode a surrogate matches only where it stands alone. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const GLOB_CHARACTERS = /[*?[\]\\^-]/g;

/**
 * Prefix and text as Redis gets them: as they are where they are proper Unicode, else as bytes in WTF-8. UTF-8 has nothing for half a surrogate pair:
 * every one of them would become U+FFFD, and different keys would meet.
 *
 * Source: https://simonsapin.github.io/wtf-8/
 */
export function encodeKeyText(prefix: string, text: string): string | Buffer {
  return text.isWellFormed() ? prefix + text : Buffer.concat([Buffer.from(prefix), encodeWtf8(text)]);
}

function encodeWtf8(text: string): Buffer {
  const parts: Buffer[] = [];
  let rest = text;
  for (let at = rest.search(LONE_SURROGATE); at >= 0; at = rest.search(LONE_SURROGATE)) {
    const unit = rest.charCodeAt(at);
    parts.push(Buffer.from(rest.slice(0, at)));
    parts.push(Buffer.from([LONE_LEAD, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]));
    rest = rest.slice(at + 1);
  }
  parts.push(Buffer.from(rest));
  return Buffer.concat(parts);
}

/** The text that {@link encodeKeyText} made these bytes of. */
export function decodeKeyText(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return text.includes(REPLACEMENT) ? decodeWtf8(bytes) : text;
}

function decodeWtf8(bytes: Buffer): string {
  let text = "";
  let from = 0;
  for (let at = bytes.indexOf(LONE_LEAD); at >= 0 && at + 2 < bytes.length; at = bytes.indexOf(LONE_LEAD, at + 1)) {
    const second = bytes[at + 1] as number;
    if (second < LONE_SECOND_MIN || second > 0xbf) continue;
    const unit = 0xd000 | ((second & 0x3f) << 6) | ((bytes[at + 2] as number) & 0x3f);
    text += bytes.toString("utf8", from, at) + String.fromCharCode(unit);
    from = at + 3;
  }
  return text + bytes.toString("utf8", from);
}

/**
 * A pattern for `MATCH` that finds the keys that begin with a text, or more: what ends in half a surrogate pair is looked for without it, since
 * its other half changes the bytes. Whoever asks compares what was found.
 */
export function globOfPrefix(patternPrefix: string, prefix: string): string | Buffer {
  const last = prefix.charCodeAt(prefix.length - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? prefix.slice(0, -1) : prefix;
  const encoded = encodeKeyText(patternPrefix, whole.replace(GLOB_CHARACTERS, "\\$&"));
  return typeof encoded === "string" ? `${encoded}*` : Buffer.concat([encoded, Buffer.from("*")]);
}
