import { afterAll, beforeAll, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "../../scripts/servers/start-postgres.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../scripts/servers/test-server.ts";
import { startExample } from "./example-process.ts";

let redis: TestServer;
let postgres: TestPostgres;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});
afterAll(() => Promise.all([redis?.stop(), postgres?.stop()]));

/** What the example prints, one step a line. */
const EXPECTED_LINES = [
  /read and cached +100$/m,
  /commits 200 and ends by +SIGKILL$/m,
  /in the database +200$/m,
  /in the cache, for the rest of its TTL +100$/m,
  /read and cached +200$/m,
  /commits 300 and ends by +SIGKILL$/m,
  /in the database +300$/m,
  /left in the outbox by the dead +1$/m,
  /keys that the relay invalidates +1$/m,
  /in the cache, from now on +300$/m,
  /a relay that was closed +GCX_OUTBOX_CLOSED$/m,
  /in the cache +400$/m,
  /still in the outbox +1$/m,
  /applied again by the next one, after the lease +1$/m,
  /in the cache +400$/m,
  /left in the outbox +0$/m,
  /the operator is told +GCX_OUTBOX_ROW$/m,
  /applied, set apart +1 1$/m,
];

it.each(["SQLite", "PostgreSQL"])(
  "the outbox example leaves nothing stale when a process is killed after its commit, in %s",
  async (name) => {
    const { host, port } = redis;
    const env = {
      REDIS_URL: `redis://${host}:${port}`,
      ...(name === "PostgreSQL" && { POSTGRES_URL: postgres.url }),
    };
    const { code, stdout, stderr } = await startExample("outbox/main.mjs", env).ended;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    let rest = stdout;
    for (const line of EXPECTED_LINES) {
      expect(rest).toMatch(line);
      const match = line.exec(rest) as RegExpExecArray;
      rest = rest.slice(match.index + match[0].length);
    }
  },
);
