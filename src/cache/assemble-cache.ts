import type { Cache } from "./cache.ts";
import type { CacheAttachment } from "./cache-attachment.ts";
import { type CacheParts, createCacheCore } from "./cache-core.ts";
import { CacheView } from "./cache-view.ts";
import { createViewScope } from "./view-scope.ts";

/** Makes a cache of its parts. Opens nothing. */
export function assembleCache(parts: CacheParts): Cache {
  const core = createCacheCore(parts);
  const { attachments = [] } = parts;
  if (attachments.length > 0) core.lifecycle.attach(() => openAttachments(attachments));
  return new CacheView(createViewScope(core, parts.rootPath, core.defaults));
}

/** All or none count as open: the next call tries all of them again. */
async function openAttachments(attachments: readonly CacheAttachment[]): Promise<void> {
  for (const attachment of attachments) await attachment.open();
}
