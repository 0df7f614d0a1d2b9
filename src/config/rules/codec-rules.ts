import { levelProblem } from "../../codec/compressors/compression-level.ts";
import { keyRingProblem, parseEncryptionKey } from "../../codec/encryption/encryption-key.ts";
import type { CacheConfig } from "../cache-config.ts";
import type { Problem } from "../problem.ts";
import { DICTIONARY_FILE_MARK, readDictionary } from "../resolve-codec.ts";
import { refuse } from "./rule.ts";

/** As `CustomSerializer` says. */
const MAX_NAME_LENGTH = 64;

/** How values become bytes: what each part can be combined with, and whether levels, dictionaries and keys are ones. */
export function checkCodec(config: CacheConfig): readonly Problem[] {
  return [
    ...checkSerializer(config),
    ...checkEnvelope(config),
    ...checkLevel(config),
    ...checkDictionaries(config),
    ...checkKeys(config),
  ];
}

function checkSerializer({ serializer }: CacheConfig): readonly Problem[] {
  const name: unknown = typeof serializer === "object" ? serializer.name : undefined;
  if (name === undefined || (typeof name === "string" && name.length > 0 && name.length <= MAX_NAME_LENGTH)) return [];
  return [
    refuse(
      "serializer",
      `The name of serializer must be a text of 1 to ${MAX_NAME_LENGTH} characters: it stands in every value.`,
    ),
  ];
}

function checkEnvelope(config: CacheConfig): readonly Problem[] {
  if (config.envelope !== false) return [];
  const problems: Problem[] = [];
  if (config.compression === true) {
    problems.push(
      refuse(
        "compression",
        "compression needs the envelope, which says what is compressed. Leave envelope: true, or compression out.",
      ),
    );
  }
  if ((config.encryption?.keys ?? []).length > 0) {
    problems.push(
      refuse(
        "encryption",
        "encryption needs the envelope, which says with which key. Leave envelope: true, or encryption out.",
      ),
    );
  }
  return problems;
}

function checkLevel({ compression, compressionAlgorithm = "gzip", compressionLevel }: CacheConfig): readonly Problem[] {
  if (compression !== true || compressionLevel === undefined) return [];
  const problem = levelProblem(compressionAlgorithm, compressionLevel);
  return problem === undefined ? [] : [refuse("compressionLevel", `compressionLevel: ${problem}`)];
}

function checkDictionaries(config: CacheConfig): readonly Problem[] {
  const texts = config.compressionDictionaries ?? [];
  if (texts.length > 0 && config.envelope === false) {
    return [
      refuse(
        "compressionDictionaries",
        "compressionDictionaries needs the envelope. Leave envelope: true, or the dictionaries out.",
      ),
    ];
  }
  return texts.flatMap((text, index) => {
    // What loadConfig has not read yet is no dictionary to check.
    if (text.startsWith(DICTIONARY_FILE_MARK)) return [];
    const dictionary = readDictionary(text);
    return typeof dictionary === "string"
      ? [refuse(`compressionDictionaries[${index}]`, `compressionDictionaries[${index}]: ${dictionary}`)]
      : [];
  });
}

function checkKeys(config: CacheConfig): readonly Problem[] {
  const texts = config.encryption?.keys ?? [];
  if (texts.length === 0) return [];
  const keys = texts.map(parseEncryptionKey);
  const wrong = keys.indexOf(undefined);
  if (wrong >= 0) {
    const path = `encryption.keys[${wrong}]`;
    return [refuse(path, `${path} must be 32 bytes in base64, as "openssl rand -base64 32" prints them.`)];
  }
  const problem = keyRingProblem(keys as Uint8Array[]);
  return problem === undefined ? [] : [refuse("encryption.keys", `encryption.keys: ${problem}`)];
}
