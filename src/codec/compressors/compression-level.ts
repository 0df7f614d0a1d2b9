import { InvalidArgumentError } from "../../foundation/errors.ts";

/** What every factory of a compressor takes. */
export interface CompressorOptions {
  /** How hard it tries: see {@link COMPRESSION_LEVELS} for the range and the default of each algorithm. */
  readonly level?: number;
}

/** The levels of an algorithm. */
export interface LevelRange {
  readonly min: number;
  readonly max: number;
  /** What is used when nothing is said. */
  readonly default: number;
}

/**
 * The levels that exist; `undefined` for an algorithm that has none. The defaults were measured (`docs/design/compression.md`):
 *
 * - gzip 6, zlib's own: a third of the speed of level 1 on large values for a fifth less to store and send.
 * - brotli 5, where its matching across contexts begins: a tenth smaller than gzip at about its speed. The platform's default of 11 takes
 *   2 s a megabyte.
 * - zstd 3, zstd's own. 19 is its last level that needs no special decoder settings.
 * - lz4 and snappy: the packages offer one way only.
 */
export const COMPRESSION_LEVELS: Readonly<
  Record<"gzip" | "brotli" | "zstd" | "lz4" | "snappy", LevelRange | undefined>
> = Object.freeze({
  gzip: { min: 1, max: 9, default: 6 },
  brotli: { min: 0, max: 11, default: 5 },
  zstd: { min: 1, max: 19, default: 3 },
  lz4: undefined,
  snappy: undefined,
});

/**
 * What is wrong with a level, as a sentence for the user; `undefined` when nothing is.
 *
 * @param level `undefined` stands for the default
 */
export function levelProblem(name: keyof typeof COMPRESSION_LEVELS, level: unknown): string | undefined {
  if (level === undefined) return undefined;
  const range = COMPRESSION_LEVELS[name];
  if (range === undefined)
    return `${name} has no levels: it always works the same way. Leave the level out, or choose gzip, brotli or zstd.`;
  if (typeof level === "number" && Number.isInteger(level) && level >= range.min && level <= range.max)
    return undefined;
  return `The level of ${name} must be a whole number from ${range.min} to ${range.max} (default: ${range.default}).`;
}

/**
 * The level to use.
 *
 * @returns 0 for an algorithm without levels
 * @throws InvalidArgumentError with the words of {@link levelProblem}
 */
export function resolveLevel(name: keyof typeof COMPRESSION_LEVELS, level: number | undefined): number {
  const problem = levelProblem(name, level);
  if (problem !== undefined) throw new InvalidArgumentError("GCX_ARGUMENT_OPTION", "level", problem);
  return level ?? COMPRESSION_LEVELS[name]?.default ?? 0;
}
