import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { formatByteSize } from "../foundation/byte-size.ts";
import type { CliIo } from "./cli-io.ts";
import { usageError } from "./parse-arguments.ts";
import { readStdin } from "./read-stdin.ts";

/** What samples are taken from. */
export interface SampleSources {
  /** Files, directories with all that is in them, and `-` for stdin. */
  readonly paths: readonly string[];
  /** Whether each line is a sample, and not each file. */
  readonly byLine: boolean;
}

/** All samples are in memory at once. */
const MAX_TOTAL_BYTES: number = 512 * 2 ** 20;
const LINE_END = 10;

/**
 * Reads samples. Files of a directory come in the order of their names, so that the same files give the same samples everywhere.
 *
 * @throws InvalidArgumentError when something cannot be read, or all together is larger than 512 MB
 */
export async function readSamples(io: CliIo, { paths, byLine }: SampleSources): Promise<Uint8Array[]> {
  const samples: Uint8Array[] = [];
  let totalBytes = 0;
  const add = (bytes: Uint8Array): void => {
    totalBytes += bytes.length;
    if (totalBytes > MAX_TOTAL_BYTES)
      throw usageError(
        `The samples are larger than ${formatByteSize(MAX_TOTAL_BYTES)}. Some thousands are enough: give a part of them.`,
      );
    if (byLine) for (const line of linesOf(bytes)) samples.push(line);
    else samples.push(bytes);
  };
  for (const path of paths) {
    if (path === "-") add(await readStdin(io));
    else for (const file of await filesOf(resolve(io.directory, path), path)) add(await read(file, path));
  }
  return samples;
}

/** A file itself, or all files below a directory. */
async function filesOf(path: string, given: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    throw unreadable(given, error);
  }
}

async function read(file: string, given: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unreadable(given, error);
  }
}

/** The error of a file that was named on the command line. */
export function unreadable(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return usageError(
    `${JSON.stringify(path)} cannot be read: ${code === "ENOENT" ? "there is no such file" : message}.`,
  );
}

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LINE_END, start);
    const stop = end === -1 ? bytes.length : end;
    if (stop > start) yield bytes.subarray(start, stop);
    start = stop + 1;
  }
}
