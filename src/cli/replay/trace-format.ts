/**
 * How the lines of a trace are read:
 *
 * - `keys`: a line is a key.
 * - `csv`: columns with commas between, of which one is the key and one may be a size.
 * - `arc`: four numbers with spaces between: a first block, how many blocks follow each other, and two that are not used
 *   (the traces of the ARC paper, `.lis`).
 * - `lirs`: a block number a line; a line with `*` separates runs (the traces of the LIRS paper, `.trc`).
 */
export type TraceFormat = "keys" | "csv" | "arc" | "lirs";

/** All formats, for messages. */
export const TRACE_FORMATS: readonly TraceFormat[] = ["keys", "csv", "arc", "lirs"];

/** Columns of a CSV file; -1: there is none. */
export interface CsvColumns {
  readonly key: number;
  readonly size: number;
}

/** Reads one line: calls `onRequest` for each request in it. @returns whether it was understood; blank lines are */
export type LineReader = (line: string, onRequest: (key: string, sizeBytes: number) => void) => boolean;

/** Names that columns go by in traces that are around. */
const COLUMN_NAMES = {
  key: /^(key|anonymi[sz]ed ?key|k|id|obj(ect)?(_?id)?|cache_?key|url|path|lba|block|page|item)$/i,
  size: /^(size|bytes|obj(ect)?_?size|value_?size|length|len|content_?length)$/i,
};

/** Most blocks of one line of an ARC trace: more is another kind of file. */
const MAX_ARC_BLOCKS = 1_000_000;

/** The format that a file's name says, without `.gz`; `undefined`: its lines have to say it. */
export function formatOfName(name: string): TraceFormat | undefined {
  const plain = name.replace(/\.gz$/i, "");
  if (/\.csv$/i.test(plain)) return "csv";
  if (/\.lis$/i.test(plain)) return "arc";
  if (/\.(trc|lirs)$/i.test(plain)) return "lirs";
  return undefined;
}

/** The format that the first lines of a trace look like. */
export function formatOfLines(lines: readonly string[]): TraceFormat {
  const filled = lines.filter((line) => line.trim() !== "");
  const isEvery = (pattern: RegExp): boolean => filled.length > 0 && filled.every((line) => pattern.test(line));
  if (isEvery(/^\s*\d+\s+\d+\s+\d+\s+\d+\s*$/)) return "arc";
  if (isEvery(/^\s*(\d+|\*)\s*$/) && filled.some((line) => line.trim() === "*")) return "lirs";
  const [first = "", ...rest] = filled;
  const columnCount = splitCsv(first).length;
  const isCsv = columnCount > 1 && rest.every((line) => splitCsv(line).length === columnCount);
  // Two columns are a key and its size; keys with commas in them are keys.
  const hasHeader = columnsOfHeader(first) !== undefined;
  const isSized = rest.every((line) => /^\d+$/.test((splitCsv(line).at(-1) ?? "").trim()));
  return isCsv && (hasHeader || isSized) ? "csv" : "keys";
}

/** The columns that a header names; `undefined` when the line is none. */
export function columnsOfHeader(line: string): CsvColumns | undefined {
  const names = splitCsv(line).map((name) => name.trim().replace(/^#\s*/, ""));
  // A key may be called "key"; a line with a number in it is a request.
  if (names.some((name) => /^[\d.]+$/.test(name))) return undefined;
  const key = names.findIndex((name) => COLUMN_NAMES.key.test(name));
  return key < 0 ? undefined : { key, size: names.findIndex((name) => COLUMN_NAMES.size.test(name)) };
}

/**
 * The columns of lines without a header: `key`, `key,size` or `time,key,size`.
 *
 * @returns `undefined` for more columns: nobody knows which is which
 */
export function columnsOfLine(line: string): CsvColumns | undefined {
  const count = splitCsv(line).length;
  if (count > 3) return undefined;
  return { key: count === 3 ? 1 : 0, size: count - 1 || -1 };
}

/** A reader of lines. @param columns for `csv` */
export function createLineReader(format: TraceFormat, columns: CsvColumns): LineReader {
  switch (format) {
    case "keys":
      return readKey;
    case "lirs":
      return readLirs;
    case "arc":
      return readArc;
    case "csv":
      return (line, onRequest) => readCsv(columns, line, onRequest);
  }
}

const readKey: LineReader = (line, onRequest) => {
  if (line !== "") onRequest(line, 1);
  return true;
};

const readLirs: LineReader = (line, onRequest) => {
  const block = line.trim();
  if (block === "" || block === "*") return true;
  if (!/^\d+$/.test(block)) return false;
  onRequest(block, 1);
  return true;
};

const readArc: LineReader = (line, onRequest) => {
  if (line.trim() === "") return true;
  const [first = Number.NaN, count = Number.NaN] = line.trim().split(/\s+/, 2).map(Number);
  if (!(Number.isSafeInteger(first) && count >= 0 && count <= MAX_ARC_BLOCKS)) return false;
  for (let block = first; block < first + count; block += 1) onRequest(String(block), 1);
  return true;
};

function readCsv(
  { key, size }: CsvColumns,
  line: string,
  onRequest: (key: string, sizeBytes: number) => void,
): boolean {
  if (line.trim() === "") return true;
  const cells = splitCsv(line);
  const name = cells[key];
  if (name === undefined || name === "") return false;
  const sizeBytes = size < 0 ? 1 : Number(cells[size] || Number.NaN);
  if (!Number.isFinite(sizeBytes) || sizeBytes < 0) return false;
  // What is empty takes room as well, and an entry of no weight would never leave.
  onRequest(name, Math.max(1, Math.ceil(sizeBytes)));
  return true;
}

/** The cells of a line. Quotes may stand around a cell that holds commas; two in it are one. */
export function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  const cells: string[] = [];
  const cell = /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g;
  for (const [, quoted, plain] of line.matchAll(cell)) cells.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
  return cells;
}
