import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseDictionary } from "../codec/dictionary/compression-dictionary.ts";
import { ConfigError } from "../foundation/errors.ts";
import type { CacheConfig } from "./cache-config.ts";
import { MAX_DICTIONARY_BYTES } from "./field-limits.ts";
import { DICTIONARY_FILE_MARK } from "./resolve-codec.ts";

/**
 * Replaces the dictionaries that stand in files by what they hold.
 *
 * @param configFile path of the configuration file, from whose folder relative paths count; without one from the working directory
 * @throws ConfigError `GCX_CONFIG_FILE` when a file cannot be read, `GCX_CONFIG_INVALID` when it is no dictionary
 */
export async function readDictionaryFiles(config: CacheConfig, configFile: string | undefined): Promise<CacheConfig> {
  const texts = config.compressionDictionaries;
  if (texts === undefined || !texts.some((text) => text.startsWith(DICTIONARY_FILE_MARK))) return config;
  const folder = configFile === undefined ? "." : dirname(configFile);
  const read = async (text: string, index: number): Promise<string> => {
    if (!text.startsWith(DICTIONARY_FILE_MARK)) return text;
    return readDictionaryFile(resolve(folder, text.slice(DICTIONARY_FILE_MARK.length)), index);
  };
  return { ...config, compressionDictionaries: await Promise.all(texts.map(read)) };
}

async function readDictionaryFile(path: string, index: number): Promise<string> {
  const field = `compressionDictionaries[${index}]`;
  const bytes = await readFile(path).catch((cause: unknown) => {
    const code = String((cause as { readonly code?: unknown }).code);
    const message = `${field}: the file ${JSON.stringify(path)} cannot be read (${code}). Check its path and permissions.`;
    throw new ConfigError("GCX_CONFIG_FILE", field, message, { cause });
  });
  try {
    if (bytes.length <= MAX_DICTIONARY_BYTES) return Buffer.from(parseDictionary(bytes).bytes).toString("base64");
  } catch (cause) {
    throw new ConfigError("GCX_CONFIG_INVALID", field, `${field}: ${(cause as Error).message}`, { cause });
  }
  throw new ConfigError(
    "GCX_CONFIG_INVALID",
    field,
    `${field}: the file is larger than a dictionary may be (${MAX_DICTIONARY_BYTES} bytes).`,
  );
}
