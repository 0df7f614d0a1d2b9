/** A key of the run and how it is used. */
export interface FleetKey {
  readonly name: string;
  readonly tag: string;
  /**
   * | use | how it is loaded |
   * |---|---|
   * | `shared` | as by default: one process of the fleet loads |
   * | `lone` | each process for itself |
   * | `refreshed` | with a short TTL, early refreshes and forced loads |
   */
  readonly use: "shared" | "lone" | "refreshed";
}

const TAG_COUNT = 7;
const PREFIXES = ["a:", "b:", "c:", "d:", "e:"] as const;

/** The keys of a run: eight of ten are shared. */
export function fleetKeys(count: number): readonly FleetKey[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${PREFIXES[index % PREFIXES.length]}${index}`,
    tag: `tag ${index % TAG_COUNT}`,
    use: index % 10 === 8 ? "lone" : index % 10 === 9 ? "refreshed" : "shared",
  }));
}

/** The part of a key that `deleteByPrefix` is given. */
export function prefixOf({ name }: FleetKey): string {
  return name.slice(0, 2);
}
