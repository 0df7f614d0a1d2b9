import { usageError } from "../parse-arguments.ts";
import {
  type CsvColumns,
  columnsOfHeader,
  columnsOfLine,
  createLineReader,
  formatOfLines,
  formatOfName,
  type LineReader,
  type TraceFormat,
} from "./trace-format.ts";

/** Lines that are looked at to tell the format. */
const SNIFFED_LINES = 100;

/** A trace whose format is known. */
export interface Trace {
  readonly format: TraceFormat;
  readonly hasSizes: boolean;
  /** Whether the first line is no request. */
  readonly hasHeader: boolean;
  /** Lines that could not be read, as of the last time it was read to its end. */
  readonly skipped: { count: number; firstLine: number };
  /**
   * Reads all requests in their order. May be called again when the trace's lines can be read again.
   *
   * @returns after some thousand requests each, so that others get their turn
   */
  replay(onRequest: (key: string, sizeBytes: number) => void): AsyncGenerator<void>;
}

/** What a trace is made of. */
export interface TraceSource {
  /** File name, for the format and for messages. */
  readonly name: string;
  readonly lines: () => AsyncIterable<readonly string[]>;
  /** What the user says; otherwise name and lines say it. */
  readonly format?: TraceFormat | undefined;
  /** Names of the columns of a CSV trace in their order; otherwise a header or their number say it. */
  readonly columns?: readonly string[] | undefined;
}

/**
 * Finds out how a trace is to be read, from its first lines.
 *
 * @throws InvalidArgumentError when it is empty, when it has columns that nobody knows, or no line that can be read
 */
export async function openTrace(source: TraceSource, firstLines: readonly string[]): Promise<Trace> {
  const sniffed = firstLines.slice(0, SNIFFED_LINES);
  if (sniffed.every((line) => line.trim() === "")) throw usageError(`${JSON.stringify(source.name)} is empty.`);
  const named = source.columns === undefined ? undefined : "csv";
  const format = source.format ?? named ?? formatOfName(source.name) ?? formatOfLines(sniffed);
  const first = sniffed.find((line) => line.trim() !== "") as string;
  const header = format === "csv" ? columnsOfHeader(first) : undefined;
  const columns = format === "csv" ? columnsOf(source, header, first) : { key: 0, size: -1 };
  const read = createLineReader(format, columns);
  assertReadable(source, format, header === undefined ? sniffed : sniffed.slice(1), read);
  const skipped = { count: 0, firstLine: 0 };
  const replay = (onRequest: (key: string, sizeBytes: number) => void): AsyncGenerator<void> =>
    replayLines(source, header === undefined ? 0 : firstLineNumber(sniffed), read, skipped, onRequest);
  return { format, hasSizes: columns.size >= 0, hasHeader: header !== undefined, skipped, replay };
}

function firstLineNumber(lines: readonly string[]): number {
  return lines.findIndex((line) => line.trim() !== "") + 1;
}

function columnsOf({ columns, name }: TraceSource, header: CsvColumns | undefined, first: string): CsvColumns {
  if (columns !== undefined) {
    const given = columnsOfHeader(columns.join(","));
    if (given !== undefined) return given;
    throw usageError("--columns must name the column of the key, for example time,key,size.");
  }
  const found = header ?? columnsOfLine(first);
  if (found !== undefined) return found;
  throw usageError(
    `${JSON.stringify(name)} has more than three columns and no header that names the key's. Name them: --columns time,key,size.`,
  );
}

function assertReadable(source: TraceSource, format: TraceFormat, lines: readonly string[], read: LineReader): void {
  if (lines.length === 0 || lines.some((line) => line.trim() !== "" && read(line, () => undefined))) return;
  throw usageError(
    `${JSON.stringify(source.name)} has no line of the format ${format}. Say another with --format keys, csv, arc or lirs.`,
  );
}

async function* replayLines(
  { lines }: TraceSource,
  headerLine: number,
  read: LineReader,
  skipped: { count: number; firstLine: number },
  onRequest: (key: string, sizeBytes: number) => void,
): AsyncGenerator<void> {
  let lineNumber = 0;
  skipped.count = 0;
  for await (const batch of lines()) {
    for (const line of batch) {
      lineNumber += 1;
      if (lineNumber === headerLine || read(line, onRequest)) continue;
      if (skipped.count === 0) skipped.firstLine = lineNumber;
      skipped.count += 1;
    }
    yield;
  }
}
