import type { CacheConfig } from "./cache-config.ts";

/**
 * A configuration whose store is a plug-in, with the plug-in's options in a section of its name.
 *
 * @example
 * ```ts
 * const config: PluginCacheConfig<"my-store"> = { backend: "my-store", "my-store": { url: "…" } };
 * ```
 */
export type PluginCacheConfig<Name extends string> = CacheConfig & { readonly backend: Name } & {
  readonly [Section in Name]?: Readonly<Record<string, unknown>> | undefined;
};
