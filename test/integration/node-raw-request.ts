import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { CacheNode } from "../../src/server/node.ts";

/** What came back. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Sends a request whose path is not normalized, as `fetch` would do. */
export async function rawRequest(
  node: CacheNode,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<RawAnswer> {
  const sent = request({ host: node.host, port: node.port, method, path, headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode as number, headers: response.headers, body: await text(response) };
}

/** Writes a JSON text by PUT. */
export function rawPut(node: CacheNode, path: string, json: string): Promise<RawAnswer> {
  return rawRequest(node, "PUT", path, { "Content-Type": "application/json" }, json);
}
