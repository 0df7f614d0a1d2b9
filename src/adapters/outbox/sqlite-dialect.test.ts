import { expect, it } from "vitest";
import { createPostgresDialect } from "./postgres-dialect.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";

it("holds parameters as every driver takes them: plain, in the order of the text, each once", () => {
  for (const [create, pattern] of [
    [createSqliteDialect, /\?\d*/g],
    [createPostgresDialect, /\$\d+/g],
  ] as const) {
    for (const sql of Object.values(create('"t"', '"i"'))) {
      if (typeof sql !== "string") continue;
      const found = sql.match(pattern) ?? [];
      expect(found).toEqual(found.map((_, index) => (create === createSqliteDialect ? "?" : `$${index + 1}`)));
    }
  }
});
