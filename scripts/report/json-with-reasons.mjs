// Vitest's JSON reporter, with the reasons that tests gave for skipping themselves (`context.skip(reason)`): it leaves
// them out, and a skip without a reason is a failure in CI.
import { JsonReporter } from "vitest/node";

export default class JsonWithReasons extends JsonReporter {
  constructor() {
    super({});
  }

  /**
   * @override
   * @param {readonly import("vitest/node").TestModule[]} testModules
   */
  async onTestRunEnd(testModules) {
    for (const testModule of testModules) {
      for (const test of testModule.children.allTests("skipped")) {
        const result = test.result();
        // `meta` is the one part of a test that the report copies as it is.
        if (result.state === "skipped") Object.assign(test.meta(), { skipReason: result.note });
      }
    }
    await super.onTestRunEnd(testModules);
  }
}
