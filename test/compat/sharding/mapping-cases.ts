import type { PickerNode, PickerSettings, ShardingAlgorithm } from "../../../src/sharding/node-picker.ts";

/** Nodes and settings whose mapping is fixed. */
export interface MappingCase {
  readonly name: string;
  readonly algorithm: ShardingAlgorithm;
  readonly nodes: readonly PickerNode[];
  readonly settings?: PickerSettings;
}

function equal(...names: readonly string[]): PickerNode[] {
  return names.map((name) => ({ name, weight: 1 }));
}

const three = equal("cache-a:6379", "cache-b:6379", "cache-c:6379");
const weighted: PickerNode[] = [
  { name: "cache-a:6379", weight: 1 },
  { name: "cache-b:6379", weight: 2.5 },
  { name: "cache-c:6379", weight: 0.5 },
];
const ten = equal(...Array.from({ length: 10 }, (_, index) => `10.0.0.${index + 1}:6379`));

/** Every algorithm, with what changes its mapping. */
export const MAPPING_CASES: readonly MappingCase[] = [
  { name: "consistent-three", algorithm: "consistent", nodes: three },
  { name: "consistent-ten", algorithm: "consistent", nodes: ten },
  { name: "consistent-weighted", algorithm: "consistent", nodes: weighted, settings: { replicas: 512 } },
  { name: "ketama-default-port", algorithm: "ketama", nodes: equal("10.0.1.1:11211", "10.0.1.2:11211", "10.0.1.3") },
  {
    name: "ketama-ports",
    algorithm: "ketama",
    nodes: equal("10.0.1.1:11212", "10.0.1.2:11213", "[::1]:11214", "/run/memcached.sock"),
  },
  {
    name: "ketama-weighted",
    algorithm: "ketama",
    nodes: [
      { name: "10.0.1.1:11211", weight: 600 },
      { name: "10.0.1.2:11211", weight: 300 },
      { name: "10.0.1.3:11211", weight: 200 },
      { name: "10.0.1.4:11211", weight: 350 },
      { name: "10.0.1.5:11212", weight: 1000 },
    ],
  },
  { name: "rendezvous-three", algorithm: "rendezvous", nodes: three },
  { name: "rendezvous-weighted", algorithm: "rendezvous", nodes: weighted },
  { name: "jump-ten", algorithm: "jump", nodes: ten },
  { name: "hash-three", algorithm: "hash", nodes: three },
  { name: "hash-parts", algorithm: "hash", nodes: weighted, settings: { shards: 64 } },
  { name: "range-even", algorithm: "range", nodes: three, settings: { shards: 12 } },
  { name: "range-split", algorithm: "range", nodes: three, settings: { splitPoints: ["user:5", "user:7"] } },
];

/** Keys of every kind: plain, in namespaces, escaped, tagged, of other scripts, broken surrogates, long. */
export const MAPPING_KEYS: readonly string[] = [
  ...Array.from({ length: 64 }, (_, index) => `user:${index}`),
  ...Array.from({ length: 32 }, (_, index) => `@shop/eu:order:${index * 7919}`),
  ...["a", "B", "0", " ", "~", "\u0000", "@:@escaped", "{user:1}:name", "{user:1}:mail", "x{user:1}", "{}empty", "a{b"],
  ...["ação", "ключ", "鍵", "🔑", "\ud800", "\udc00x", "zürich", "ﬀ"],
  "k".repeat(1_000),
];
