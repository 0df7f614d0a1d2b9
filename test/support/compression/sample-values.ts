/** Values like those that caches hold, the same for the same seed. */

const WORDS = (
  "the of and to in is you that it he was for on are as with his they at be this have from one had by word but not what " +
  "all were we when your can said there use an each which she do how their if will up other about out many then them these so some " +
  "her would make like him into time has look two more write go see number no way could people my than first water been call"
).split(" ");
const FIRST_NAMES =
  "Ada Grace Alan Edsger Barbara Donald Leslie Tony Niklaus John Margaret Frances Ken Dennis Radia Shafi".split(" ");
const LAST_NAMES =
  "Lovelace Hopper Turing Dijkstra Liskov Knuth Lamport Hoare Wirth McCarthy Hamilton Allen Thompson Ritchie Perlman Goldwasser".split(
    " ",
  );
const CITIES = ["Berlin", "Lisboa", "São Paulo", "Tokyo", "New York", "Nairobi", "Sydney", "Toronto", "Mumbai", "Oslo"];
const ROLES = ["admin", "editor", "viewer", "owner", "billing"];

/** A source of numbers from 0 to below a limit: xorshift32. */
export type Draw = (limit: number) => number;

/** @param seed a positive 32-bit integer */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
}

function pick<Item>(draw: Draw, items: readonly Item[]): Item {
  return items[draw(items.length)] as Item;
}

function text(draw: Draw, wordCount: number): string {
  return Array.from({ length: wordCount }, () => pick(draw, WORDS)).join(" ");
}

/** One user, about 180 bytes as JSON. */
export function userRecord(draw: Draw, index: number): Record<string, unknown> {
  const first = pick(draw, FIRST_NAMES);
  const last = pick(draw, LAST_NAMES);
  return {
    id: 100_000 + index,
    name: `${first} ${last}`,
    email: `${first}.${last}${draw(1_000)}@example.com`.toLowerCase(),
    active: draw(5) > 0,
    role: pick(draw, ROLES),
    city: pick(draw, CITIES),
    score: draw(10_000) / 100,
    createdAt: new Date(1.6e12 + draw(1e9) * 100).toISOString(),
  };
}

/** JSON of an array of users, cut to a length. */
export function jsonRecords(sizeBytes: number, seed = 7): Uint8Array {
  const draw = createDraw(seed);
  const parts: string[] = ["["];
  for (let length = 1, index = 0; length < sizeBytes; index += 1) {
    const part = `${JSON.stringify(userRecord(draw, index))},`;
    parts.push(part);
    length += part.length;
  }
  return new Uint8Array(Buffer.from(parts.join(""))).slice(0, sizeBytes);
}

function htmlFragment(draw: Draw, index: number): string {
  const kind = pick(draw, ["small", "wide", "hero"]);
  return `<article class="card card--${kind}" id="post-${index}">
  <header class="card__header"><h2 class="card__title"><a href="/posts/${index}-${pick(draw, WORDS)}">${text(draw, 5)}</a></h2></header>
  <p class="card__text">${text(draw, 10 + draw(30))}</p>
  <footer class="card__footer"><time datetime="2026-0${1 + draw(9)}-1${draw(10)}">${1 + draw(28)} days ago</time>
  <span class="badge badge--${pick(draw, ["new", "hot", "sale"])}">${pick(draw, WORDS)}</span></footer>
</article>
`;
}

function logLine(draw: Draw, index: number): string {
  const hex = (): string => (draw(2 ** 31) * 2).toString(16).padStart(8, "0");
  const ip = `10.${draw(256)}.${draw(256)}.${draw(256)}`;
  const route = `/api/v1/${pick(draw, ["users", "orders", "items", "carts"])}/${draw(1_000_000)}`;
  const agent = pick(draw, ["X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"]);
  return `${new Date(1.7e12 + index * 1_371).toISOString()} ${pick(draw, ["INFO", "WARN", "ERROR"])} [http-${draw(16)}] ${pick(draw, ["GET", "POST", "PUT"])} ${route} status=${pick(draw, [200, 201, 204, 304, 404, 500])} duration=${draw(50_000) / 100}ms ip=${ip} ua="Mozilla/5.0 (${agent}) AppleWebKit/537.36" trace=${hex()}${hex()}\n`;
}

/** A record in a binary form like msgpack's: lengths, tags, big-endian numbers, texts. */
function binaryRecord(draw: Draw, index: number): Uint8Array {
  const parts: Buffer[] = [Buffer.of(0x88)];
  const string = (value: string): Buffer => Buffer.concat([Buffer.of(0xa0 | (value.length & 31)), Buffer.from(value)]);
  const record: Record<string, unknown> = { ...userRecord(draw, index), visits: draw(100_000) };
  for (const [key, value] of Object.entries(record)) {
    parts.push(string(key));
    if (typeof value === "string") parts.push(string(value));
    else if (typeof value === "boolean") parts.push(Buffer.of(value ? 0xc3 : 0xc2));
    else if (Number.isInteger(value)) {
      const number = Buffer.alloc(5, 0xce);
      number.writeUInt32BE(value as number, 1);
      parts.push(number);
    } else {
      const number = Buffer.alloc(9, 0xcb);
      number.writeDoubleBE(value as number, 1);
      parts.push(number);
    }
  }
  return Buffer.concat(parts);
}

const KINDS: Record<"json" | "html" | "binary" | "log", (draw: Draw, index: number) => Uint8Array> = {
  json: (draw: Draw, index: number) => Buffer.from(JSON.stringify(userRecord(draw, index))),
  html: (draw: Draw, index: number) => Buffer.from(htmlFragment(draw, index)),
  binary: binaryRecord,
  log: (draw: Draw, index: number) => Buffer.from(logLine(draw, index)),
};

/** The kinds of small values there are. */
export type SampleKind = keyof typeof KINDS;

/** Their names. */
export const SAMPLE_KINDS: readonly SampleKind[] = Object.keys(KINDS) as SampleKind[];

/** Small values of one kind. */
export function smallValues(kind: SampleKind, count: number, seed = 99): Uint8Array[] {
  const draw = createDraw(seed);
  return Array.from({ length: count }, (_, index) => new Uint8Array(KINDS[kind](draw, index)));
}
