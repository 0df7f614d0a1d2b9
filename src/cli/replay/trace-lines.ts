import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { usageError } from "../parse-arguments.ts";

/** A key is never that long; a file without line ends is no trace and must not fill the memory. */
const MAX_LINE_BYTES = 65_536;
const LINE_END = 10;
const CARRIAGE_RETURN = 13;
const GZIP_MARK = 0x1f8b;
const CHUNK_BYTES = 262_144;

/**
 * The lines of a file, many at a time, each as Latin-1: keys are compared byte by byte, whatever their encoding. What begins like gzip is unpacked.
 *
 * @param onBytes told how many bytes of the file were read until now, packed ones
 * @throws InvalidArgumentError when the file cannot be read, is damaged, or has no lines
 */
export async function* readTraceLines(
  path: string,
  given: string,
  onBytes: (readBytes: number) => void = () => undefined,
): AsyncGenerator<readonly string[]> {
  const isPacked = await beginsLikeGzip(path, given);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  file.on("data", () => onBytes(file.bytesRead));
  const unpacked = isPacked ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : file;
  if (isPacked) file.on("error", (error) => unpacked.destroy(error));
  try {
    yield* splitLines(unpacked, given);
  } catch (error) {
    throw unreadableTrace(given, error);
  } finally {
    unpacked.destroy();
    file.destroy();
  }
}

async function beginsLikeGzip(path: string, given: string): Promise<boolean> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer.readUInt16BE(0) === GZIP_MARK;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadableTrace(given, error);
  }
}

async function* splitLines(stream: AsyncIterable<Uint8Array>, given: string): AsyncGenerator<readonly string[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
      lines.push(lineOf(bytes, start, end));
      start = end + 1;
    }
    // Copied: what is left must not keep the whole chunk.
    rest = Buffer.from(bytes.subarray(start));
    if (rest.length > MAX_LINE_BYTES)
      throw usageError(`${JSON.stringify(given)} has a line of more than 64 KB: it is no trace of text lines.`);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [lineOf(rest, 0, rest.length)];
}

/** Each line is a string of its own: a part of the chunk's would keep the chunk as long as the key lives. */
function lineOf(bytes: Buffer, start: number, end: number): string {
  const stop = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  return bytes.toString("latin1", start, stop);
}

function unreadableTrace(given: string, error: unknown): Error {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code.startsWith("GCX_")) return error as Error;
  const why = code === "ENOENT" ? "there is no such file" : code.startsWith("Z_") ? "its gzip is damaged" : message;
  return usageError(`${JSON.stringify(given)} cannot be read: ${why}.`);
}
