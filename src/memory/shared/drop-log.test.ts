import { expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { DropLog } from "./drop-log.ts";
import { SegmentTable } from "./segment-table.ts";
import { createSharedSlab, SharedSlab } from "./shared-slab.ts";
import { VersionCells } from "./version-cells.ts";

it.each([2.1362338759304112e-306, -1e300, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  "takes a record that was written over, whose version reads %d, for what it is",
  (version) => {
    const time = createFakeTime();
    const slab = new SharedSlab(createSharedSlab({ sizeBytes: 2 ** 20 }, { ...time, random: createSeededRandom(3) }));
    const segments = new SegmentTable(slab);
    const { layout } = slab;
    const removalCells = new VersionCells(slab, layout.removalCellAt, layout.removalCellCount);
    const scopeCells = new VersionCells(slab, layout.scopeCellAt, layout.scopeCellCount);
    const listening = { onRemoval: () => undefined, wantsRemovals: () => false };
    const drops = new DropLog({ slab, segments, scopeCells, removalCells, clock: time.clock, ...listening });
    const address = segments.startOf(0);
    slab.f64[address + 4] = version;
    drops.foresee(address);
    expect(removalCells.newestOne(0, 0)).toBe(0);
  },
);
