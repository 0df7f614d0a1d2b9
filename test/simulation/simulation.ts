export { describeScenario, findFailingScenario, runScenario } from "./run-scenarios.ts";
export { describeSeed, runSeeds } from "./run-seeds.ts";
export { SCENARIOS } from "./scenarios.ts";
