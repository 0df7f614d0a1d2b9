import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseDictionary } from "../../codec/dictionary/compression-dictionary.ts";
import { type DictionaryGain, measureDictionary } from "../../codec/dictionary/dictionary-gain.ts";
import { DEFAULT_DICTIONARY_BYTES, trainDictionary } from "../../codec/dictionary/train-dictionary.ts";
import { findNearestName } from "../../config/nearest-name.ts";
import { parseByteSize } from "../../foundation/byte-size.ts";
import type { Command, Invocation } from "../command.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { usageError } from "../parse-arguments.ts";
import type { ParsedArguments } from "../parsed-arguments.ts";
import { readSamples, unreadable } from "../read-samples.ts";

const ACTIONS: Readonly<Record<string, (invocation: Invocation) => Promise<void>>> = { train, show };

/** `gocachex dictionary`. */
export const dictionaryCommand: Command = {
  name: "dictionary",
  summary: "train a compression dictionary from sample values, or look at one",
  usage: ["dictionary train --out FILE SAMPLE... [options]", "dictionary show FILE"],
  details: [
    "A dictionary holds what small similar values have in common; with one they take a half to a quarter of the room. Each SAMPLE is a file with one value, as it is serialized; a directory stands for all files in it, - for stdin. Some thousands are good. One in ten is kept to measure by.",
    "Keep a dictionary as long as values written with it may be read: without it they are misses. The file is in zstd's format; zstd -D takes it, and files of zstd --train are taken as well.",
  ],
  positionals: [2, Number.POSITIVE_INFINITY],
  positionalNames: ["ACTION (train or show)", "SAMPLE or FILE"],
  choices: Object.keys(ACTIONS),
  options: [
    { name: "out", short: "o", value: "FILE", description: "where the dictionary is written to" },
    { name: "size", value: "SIZE", description: "most bytes of the dictionary (default: 16KB)" },
    { name: "lines", description: "each line is a sample, not each file" },
    { name: "force", description: "write over a file that is there" },
  ],
  examples: [
    ["gocachex dictionary train --out users.dict samples/users/", "from all files of a directory"],
    ["gocachex dictionary train --out log.dict --lines app.log", "from the lines of a file"],
    ["gocachex dictionary show users.dict", "its id and size"],
  ],
  run: async (invocation) => {
    const name = invocation.args.positionals[0] as string;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      const nearest = findNearestName(name, Object.keys(ACTIONS));
      const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
      throw usageError(`dictionary does train or show, not "${name}".${hint}`);
    }
    await action(invocation);
    return EXIT_CODES.ok;
  },
};

/** One sample in ten is not trained from, but measured with. */
const MEASURED_EVERY = 10;
const MAX_MEASURED = 2_000;

async function train({ args, io, print }: Invocation): Promise<void> {
  const file = args.text("out");
  if (file === undefined) throw usageError("dictionary train needs --out FILE to write to.");
  const sizeBytes = sizeOption(args);
  const samples = await readSamples(io, { paths: args.positionals.slice(1), byLine: args.has("lines") });
  const kept = samples.filter((_, index) => index % MEASURED_EVERY === MEASURED_EVERY - 1);
  const measured = kept.slice(0, MAX_MEASURED);
  const trained = samples.filter((_, index) => index % MEASURED_EVERY !== MEASURED_EVERY - 1);
  const dictionary = trainDictionary(trained, { sizeBytes });
  const gains = await measureDictionary(dictionary, measured);
  await writeNew(resolve(io.directory, file), file, dictionary.bytes, args.has("force"));
  if (print.isJson) {
    await print.document({
      ...{ file, id: dictionary.id, sizeBytes: dictionary.bytes.length, contentBytes: dictionary.content.length },
      ...{ trainedSamples: trained.length, measuredSamples: measured.length, ratios: gains },
    });
    return;
  }
  await print.line(`${file}: id ${dictionary.id}, ${dictionary.bytes.length} bytes, from ${trained.length} samples`);
  for (const gain of gains) await print.line(gainText(gain));
  if (gains.length > 0) await print.note(`Measured with ${measured.length} samples that it was not trained from.`);
}

function gainText({ algorithm, ratioWithout, ratioWith }: DictionaryGain): string {
  return `${algorithm.padEnd(5)} ${ratioWithout.toFixed(2)}x without, ${ratioWith.toFixed(2)}x with it`;
}

function sizeOption(args: ParsedArguments): number {
  const text = args.text("size");
  if (text === undefined) return DEFAULT_DICTIONARY_BYTES;
  const sizeBytes = parseByteSize(text);
  if (sizeBytes === undefined) throw usageError("--size must be a size such as 16KB.");
  return sizeBytes;
}

/** Nothing is written over unasked: with the old dictionary all values written with it would be gone. */
async function writeNew(path: string, given: string, bytes: Uint8Array, isForced: boolean): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: isForced ? "w" : "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const exists =
      "is there already, and values written with it could not be read any more. Choose another name, or pass --force.";
    throw usageError(`${JSON.stringify(given)} ${code === "EEXIST" ? exists : `cannot be written: ${message}.`}`);
  }
}

async function show({ args, io, print }: Invocation): Promise<void> {
  const [, file, excess] = args.positionals;
  if (excess !== undefined) throw usageError("dictionary show takes one FILE.");
  const path = resolve(io.directory, file as string);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(file as string, error);
  });
  const { id, content } = parseDictionary(bytes);
  const idInFile = bytes.readUInt32LE(4);
  const madeBy = idInFile === id ? "gocachex" : "zstd";
  if (print.isJson)
    await print.document({ file, id, sizeBytes: bytes.length, contentBytes: content.length, madeBy, zstdId: idInFile });
  else
    await print.line(
      `${file}: id ${id}, ${bytes.length} bytes, ${content.length} of them content, made by ${madeBy}, known to zstd as ${idInFile}`,
    );
}
