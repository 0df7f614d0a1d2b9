import * as zlib from "node:zlib";
import { loadDependency } from "../../foundation/optional-dependency.ts";
import { packageZstd } from "./package-zstd.ts";
import { platformZstd } from "./platform-zstd.ts";
import type { ZstdCalls, ZstdSetting } from "./zstd-calls.ts";

/** Where zstd may come from; for tests. */
export interface ZstdSources {
  /** The module `node:zlib`. */
  readonly platform: object;
  readonly importPackage: () => Promise<unknown>;
}

/** What runs everywhere but in tests. */
export const ZSTD_SOURCES: ZstdSources = {
  platform: zlib,
  importPackage: () => import("@toondepauw/node-zstd"),
};

/**
 * Finds zstd: the platform's, else the package.
 *
 * @throws DependencyError `GCX_DEPENDENCY_MISSING` saying what to install
 */
export async function loadZstd(setting: ZstdSetting, { platform, importPackage }: ZstdSources): Promise<ZstdCalls> {
  const found = platformZstd(platform, setting);
  if (found !== undefined) return found;
  const isWithDictionary = setting.dictionary !== undefined;
  return loadDependency({
    name: "@toondepauw/node-zstd",
    purpose: isWithDictionary
      ? "Compression with zstd and a dictionary, on Node.js before 22.19 and 24.6,"
      : "Compression with zstd, on Node.js before 22.15,",
    range: "^2.0.0",
    load: async () => packageZstd(await importPackage(), setting),
  });
}
