import type { EntryWrite } from "../../backend/stored-entry.ts";
import type { OwnerReply } from "./owner-letter.ts";
import type { OwnerNews, OwnerRequest } from "./owner-request.ts";

/** The shards that a request is about, with repetitions; none for what is about all that a node owns. */
export function shardsOf(request: OwnerRequest, shardOf: (key: string) => number): readonly number[] {
  return request.op === "heads" ? request.shards : keysOf(request).map(shardOf);
}

/** The keys that a request is about. */
export function keysOf(request: OwnerRequest): readonly string[] {
  switch (request.op) {
    case "read":
    case "delete":
      return request.keys;
    case "set":
      return request.items.map(([key]) => key);
    case "commit":
      return [...request.checks, ...request.writes].map(({ key }) => key);
    case "lock":
      return [request.request.key];
    case "heads":
    case "clock":
    case "tags":
    case "clear":
    case "scan":
    case "scan-on":
    case "scan-off":
      return [];
    default:
      return [request.key];
  }
}

/** About how many bytes a request takes, from above for keys of plain letters. */
export function requestBytes(request: OwnerRequest): number {
  let sizeBytes = 0;
  for (const key of keysOf(request)) sizeBytes += key.length;
  for (const write of writesOf(request)) {
    if (write?.value instanceof Uint8Array) sizeBytes += write.value.byteLength;
    for (const tag of write?.tags ?? []) sizeBytes += tag.length;
  }
  return sizeBytes;
}

function writesOf(request: OwnerRequest): ReadonlyArray<EntryWrite | undefined> {
  if (request.op === "set") return request.items.map(([, write]) => write);
  if (request.op === "fill") return [request.write];
  return request.op === "commit" ? request.writes.map(({ write }) => write) : [];
}

/** About how many bytes a reply takes. */
export function replyBytes(reply: OwnerReply): number {
  if (reply.kind !== "answer" || typeof reply.answer !== "object") return 0;
  let sizeBytes = 0;
  const items = Array.isArray(reply.answer) ? reply.answer : [reply.answer];
  for (const item of items as readonly { entry?: { value?: unknown }; keys?: readonly string[] }[]) {
    const value = item.entry?.value;
    if (value instanceof Uint8Array) sizeBytes += value.byteLength;
    for (const key of item.keys ?? []) sizeBytes += key.length;
  }
  return sizeBytes;
}

/** About how many bytes news take. */
export function newsBytes(news: OwnerNews): number {
  if (news.kind === "change" || news.kind === "freed") return news.key.length;
  if (news.kind === "clear") return news.heads.length * 48;
  return news.kind === "tags" ? news.tags.reduce((sum, tag) => sum + tag.length, 0) : 0;
}
