import type { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { routingPart } from "./key-hash.ts";
import { md5WordOfShortText } from "./md5-word.ts";
import type { NodePicker, PickerNode } from "./node-picker.ts";
import { createPointRing, type RingPoints } from "./point-ring.ts";

const POINTS_PER_NODE = 160;
const POINTS_PER_DIGEST = 4;
const DEFAULT_PORT = "11211";
const HOST_AND_PORT = /^(?:\[(?<six>[^\]]*)\]|(?<host>[^:/][^:]*))(?::(?<port>\d+))?$/;

/**
 * The ring of libmemcached's `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED`, so that programs with other clients find the same keys on the same servers. Node
 * names are `host:port`; the order of the nodes does not matter.
 *
 * - Points: MD5 of `"<host>:<port>-<n>"`, without the port where it is 11211, n = 0, 1 …; each digest gives four points, its little-endian words.
 * - A node has `floor(weight / total × 40 × nodes) × 4` points, reckoned in single precision as libmemcached does.
 * - A key's place is the first little-endian word of the MD5 of its UTF-8 bytes, or of its hash tag's.
 *
 * With 160 points for each of 10 nodes the fullest has about 12 % more keys than the mean; `consistent` is more even.
 *
 * Source: libmemcached 1.0.18, `libmemcached/hosts.cc` (update_continuum); https://github.com/RJ/ketama
 */
export function createKetamaPicker(nodes: readonly PickerNode[]): NodePicker {
  const totalWeight = nodes.reduce((sum, { weight }) => sum + weight, 0);
  const points: RingPoints = { places: [], nodes: [] };
  const byName = nodes.map(({ name, weight }, node) => ({ name, weight, node }));
  byName.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, weight, node } of byName) {
    const label = pointLabel(name);
    const digestCount = digestCountOf(weight, totalWeight, nodes.length);
    for (let index = 0; index < digestCount; index += 1) {
      const digest = md5(`${label}-${index}`);
      for (let word = 0; word < POINTS_PER_DIGEST; word += 1) {
        points.places.push(digest.readUInt32LE(word * 4));
        points.nodes.push(node);
      }
    }
  }
  const ring = createPointRing(points);
  const placeOf = (key: string): number => {
    const part = routingPart(key);
    return md5WordOfShortText(part) ?? md5(part).readUInt32LE(0);
  };
  return {
    algorithm: "ketama",
    nodes,
    pick: (key) => ring.nodeAt(placeOf(key)),
    pickNext: (key, isExcluded) => ring.nextAt(placeOf(key), isExcluded),
  };
}

function md5(text: string): Buffer {
  return hash("md5", text, "buffer");
}

/** Single precision, step by step: rounding decides whether a node gets one digest more. At least one, so that no node is left out. */
function digestCountOf(weight: number, totalWeight: number, nodeCount: number): number {
  const share = Math.fround(Math.fround(weight) / Math.fround(totalWeight));
  const perNode = Math.fround(Math.fround(Math.fround(share * POINTS_PER_NODE) / POINTS_PER_DIGEST) * nodeCount);
  return Math.max(1, Math.floor(Math.fround(perNode + 0.0000000001)));
}

/** How libmemcached names a server in its points. A path is a Unix socket, which has port 0 there. */
function pointLabel(name: string): string {
  const { six, host, port = DEFAULT_PORT } = HOST_AND_PORT.exec(name)?.groups ?? {};
  const address = six ?? host;
  if (address === undefined) return `${name}:0`;
  return port === DEFAULT_PORT ? address : `${address}:${port}`;
}
