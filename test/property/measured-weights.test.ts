import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

interface Measured {
  readonly name: string;
  readonly estimatedBytes: number;
  readonly measuredBytes: number;
  readonly ratio: number;
}

const SCRIPT = fileURLToPath(new URL("../../bench/weights/measure-shapes.mjs", import.meta.url));
/** What the engine frees or compiles beside the measurement would be counted as the shape's. */
const STEADY_HEAP_FLAGS = ["--expose-gc", "--single-threaded", "--no-flush-bytecode"];
/** How far the estimate may be from the heap, either way. */
const TOLERANCE_RATIO = 1.25;
const SHAPE_COUNT = 46;

async function measureShapes(): Promise<{ shapes: readonly Measured[]; exceptions: readonly Measured[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, [...STEADY_HEAP_FLAGS, SCRIPT, "--json"], {
    timeout: 110_000,
  });
  return JSON.parse(stdout) as { shapes: readonly Measured[]; exceptions: readonly Measured[] };
}

describe("estimated weights", () => {
  it("are within a quarter of what the heap grows by, for all kinds of values", { timeout: 120_000 }, async () => {
    const { shapes, exceptions } = await measureShapes();
    expect(shapes).toHaveLength(SHAPE_COUNT);
    const wrong = shapes.filter(({ ratio }) => !(ratio <= TOLERANCE_RATIO && ratio >= 1 / TOLERANCE_RATIO));
    expect(wrong).toEqual([]);
    // What cannot be seen from JavaScript stays below three times the estimate, as the design note says.
    for (const { ratio } of exceptions) expect(ratio).toBeGreaterThan(0.33);
  });
});
