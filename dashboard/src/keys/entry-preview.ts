/** What `GET /v1/keys/{key}/preview` answers. */
export interface EntryPreview {
  readonly key: string;
  readonly type: "json" | "bytes" | "bigint";
  /** What the value is: `string`, `array of 3`, `Date`. */
  readonly shape: string;
  /** Whether the text says the value exactly. */
  readonly exact: boolean;
  readonly version: number;
  /** Remaining ms. */
  readonly ttl: number | "infinity";
  readonly tags: readonly string[];
  readonly tier: string;
  /** Of the whole value. */
  readonly sizeBytes: number;
  /** Whether `text` is only the beginning. */
  readonly isCut: boolean;
  /** JSON, decimal digits, or bytes in base64. */
  readonly text: string;
}

/** The value as people read it: JSON with indentation where all of it is there, bytes as offsets, hex and letters. */
export function readableValue({ type, text, isCut }: EntryPreview): string {
  if (type === "bytes") return hexDump(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  if (type === "bigint" || isCut) return text;
  return JSON.stringify(JSON.parse(text), undefined, 2);
}

const DUMP_WIDTH = 16;
const DUMP_LIMIT_BYTES = 4_096;

function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, DUMP_LIMIT_BYTES); at += DUMP_WIDTH) {
    const row = [...bytes.subarray(at, at + DUMP_WIDTH)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const letters = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "."));
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(DUMP_WIDTH * 3 - 1)}  ${letters.join("")}`);
  }
  if (bytes.length > DUMP_LIMIT_BYTES) lines.push("…");
  return lines.join("\n");
}

/** Why a value cannot be edited as text here; `undefined`: it can. */
export function editObstacle({ type, exact, isCut }: EntryPreview): string | undefined {
  if (isCut) return "This value is too large to be edited here.";
  if (type === "bytes") return "Bytes cannot be edited here.";
  if (type === "bigint") return "Integers beyond JSON's cannot be edited here; counters are changed by increment.";
  return exact
    ? undefined
    : "A program stored something that JSON only comes near, so saving this text would change it.";
}
