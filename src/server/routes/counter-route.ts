import type { Cache } from "../../cache/cache.ts";
import type { CounterOptions } from "../../cache/options.ts";
import { CounterError } from "../../foundation/errors.ts";
import { readTtl } from "../body-fields.ts";
import { objectSchema } from "../json-schema.ts";
import { HttpProblem } from "../problem.ts";
import type { RequestContext } from "../request-context.ts";
import { sendJson } from "../respond.ts";
import type { Route } from "../route.ts";
import { TTL_IN, WHOLE_NUMBER } from "../wire-schemas.ts";
import { toCounterDocument } from "../wire-value.ts";

/** Counting: a `delta` as a JSON number answers a number; as decimal text, the sum may leave ±(2^53 − 1). */
export const COUNTER_ROUTE: Route = {
  method: "POST",
  path: "/v1/keys/:key/increment",
  summary: "Add to a counter, atomically; a negative delta counts down.",
  role: "write",
  body: {
    kinds: ["json"],
    fields: {
      delta: { ...WHOLE_NUMBER, default: 1 },
      initial: { ...WHOLE_NUMBER, default: 0 },
      ttl: TTL_IN,
      opId: { type: "string", description: "The same id within 10 minutes counts once." },
    },
  },
  answers: {
    200: {
      description: "The sum.",
      content: { "application/json": objectSchema({ value: WHOLE_NUMBER, type: { const: "bigint" } }, ["value"]) },
    },
  },
  problems: [409],
  handle: increment,
};

const INTEGER_TEXT = /^-?\d{1,20}$/;

async function increment(context: RequestContext): Promise<void> {
  const { cache, response, parameters } = context;
  const body = await context.readFields();
  const key = parameters["key"] as string;
  const delta = readInteger(body, "delta") ?? 1;
  const options = counterOptions(body);
  sendJson(response, 200, toCounterDocument(await count(cache, key, delta, options)));
}

/** Counts; an error that names an argument of the library's API is told in words of this one. */
async function count(
  cache: Cache,
  key: string,
  delta: number | bigint,
  options: CounterOptions,
): Promise<number | bigint> {
  try {
    return typeof delta === "bigint"
      ? await cache.increment(key, delta, options)
      : await cache.increment(key, delta, options);
  } catch (error) {
    if (!(error instanceof CounterError) || error.code !== "GCX_COUNTER_RANGE") throw error;
    const words =
      typeof delta === "bigint"
        ? "The sum would leave the 64 bits of a counter; nothing was changed."
        : 'The sum would leave ±(2^53 − 1); nothing was changed. Send "delta" as decimal text to go up to 64 bits.';
    throw new CounterError("GCX_COUNTER_RANGE", words);
  }
}

function counterOptions(body: Readonly<Record<string, unknown>>): CounterOptions {
  const { opId } = body;
  const ttl = readTtl(body, "ttl");
  const initial = readInteger(body, "initial");
  if (opId !== undefined && typeof opId !== "string") throw new HttpProblem(400, '"opId" must be a string.');
  return {
    ...(ttl === undefined ? {} : { ttl }),
    ...(initial === undefined ? {} : { initial }),
    ...(opId === undefined ? {} : { opId }),
  };
}

/** A whole number of the body: a JSON number, or decimal text for what JSON numbers cannot say. */
function readInteger(body: Readonly<Record<string, unknown>>, name: string): number | bigint | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "string" && INTEGER_TEXT.test(value)) return BigInt(value);
  throw new HttpProblem(400, `"${name}" must be a whole number within ±(2^53 − 1), or decimal text beyond it.`);
}
