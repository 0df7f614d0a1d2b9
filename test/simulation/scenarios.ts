import type { Scenario } from "./scenario.ts";
import { ANSWER_SCENARIOS } from "./scenarios-answers.ts";
import { FRESHNESS_SCENARIOS } from "./scenarios-freshness.ts";
import { LIFE_SCENARIOS } from "./scenarios-lives.ts";
import { LOAD_SCENARIOS } from "./scenarios-loads.ts";
import { MIDDLE_SCENARIOS } from "./scenarios-middle.ts";
import { OWNER_SCENARIOS } from "./scenarios-owners.ts";

/** Every race and fault that has a schedule of its own. */
export const SCENARIOS: readonly Scenario[] = [
  ...ANSWER_SCENARIOS,
  ...FRESHNESS_SCENARIOS,
  ...LIFE_SCENARIOS,
  ...LOAD_SCENARIOS,
  ...MIDDLE_SCENARIOS,
  ...OWNER_SCENARIOS,
];
