// Takes safeguards of coherence out of the sources, one at a time and in memory only, and looks which scenario or seed of the simulation misses it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mutate } from "./checks/mutate.mjs";
import { MutatedModules } from "./checks/mutated-modules.mjs";

/**
 * @typedef {import("../test/simulation/safeguards.ts").Safeguard} Safeguard
 * @typedef {typeof import("../test/simulation/simulation.ts")} Simulation
 * @typedef {{ scenario: string, seed: number }} Catch the scenario that a safeguard was missed by, and with which seed
 * @typedef {{ by?: string, rule?: string, caught?: Catch }} Missed what misses a safeguard, and what it breaks; nothing when nothing does
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const RECORD = new URL("../test/mutations/caught-safeguards.json", import.meta.url);

export class MissedSafeguards {
  // Bundled anew without each safeguard it took ten times as long as the scenarios do.
  #modules = new MutatedModules();
  /** @type {Readonly<Record<string, Catch>>} */
  #record = JSON.parse(readFileSync(RECORD, "utf8"));

  /**
   * Runs without a safeguard the scenario that is recorded for it. Only where that comes out right: all scenarios, and then seeds.
   *
   * @param {Safeguard} safeguard
   * @param {{ from: number, seedCount: number }} seeds
   * @returns {Promise<Missed>}
   * @throws when a text of the safeguard is not in its file exactly once
   */
  async miss(safeguard, { from, seedCount }) {
    const exports = await this.#modules.import(`${ROOT}test/simulation/simulation.ts`, textsWithout(safeguard));
    const { SCENARIOS, runScenario, findFailingScenario, runSeeds } = /** @type {Simulation} */ (
      /** @type {unknown} */ (exports)
    );
    const recorded = this.#record[safeguard.name];
    const scenario = SCENARIOS.find(({ name }) => name === recorded?.scenario);
    if (recorded !== undefined && scenario !== undefined) {
      const failure = await runScenario(scenario, recorded.seed, recorded.seed);
      if (failure !== undefined) return { by: scenario.name, rule: failure.violation.rule, caught: recorded };
    }
    const found = await findFailingScenario();
    if (found !== undefined) {
      const by = found.scenario.name;
      return { by, rule: found.violation.rule, caught: { scenario: by, seed: found.seed } };
    }
    const [failure] = (await runSeeds(from, seedCount, { maxFailures: 1 })).failures;
    return failure === undefined ? {} : { by: `seed ${failure.seed}`, rule: failure.violation.rule };
  }
}

/** @param {Safeguard} safeguard */
function textsWithout({ also = [], ...first }) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (const edit of [first, ...also]) {
    const text = mutate(texts.get(edit.file) ?? readFileSync(ROOT + edit.file, "utf8"), edit);
    if (text === undefined) throw new Error(`${edit.file} has the text not once:\n${edit.search}`);
    texts.set(edit.file, text);
  }
  return [...texts].map(([file, text]) => ({ path: ROOT + file, text }));
}
