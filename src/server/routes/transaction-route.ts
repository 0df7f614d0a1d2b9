import type { Transaction } from "../../atomic/transaction.ts";
import {
  assertListLength,
  type BodyFields,
  readElement,
  readItemValue,
  readTags,
  readText,
  readTtl,
} from "../body-fields.ts";
import { objectSchema } from "../json-schema.ts";
import { HttpProblem } from "../problem.ts";
import type { RequestContext } from "../request-context.ts";
import { sendJson } from "../respond.ts";
import type { Route } from "../route.ts";
import { listOf } from "../wire-schemas.ts";

/**
 * Several keys, all or nothing. The body of a transaction is a function, which no request can carry; what it decides by can be said,
 * though: which versions the client has seen, and what to write if all of them still stand.
 */
export const TRANSACTION_ROUTE: Route = {
  method: "POST",
  path: "/v1/transactions",
  summary:
    "Write and delete several keys if others, or they themselves, still have the versions that were read: all or nothing.",
  role: "write",
  body: {
    kinds: ["json"],
    fields: {
      checks: listOf("VersionCheck"),
      set: listOf("TransactionWrite"),
      delete: { type: "array", items: { type: "string" } },
    },
  },
  answers: {
    200: {
      description: "Everything is written.",
      content: { "application/json": objectSchema({ committed: { const: true } }) },
    },
  },
  problems: [409, 412, 422, 501],
  handle: transact,
};

interface Check {
  readonly key: string;
  readonly version: number;
}

interface Write {
  readonly key: string;
  readonly apply: (tx: Transaction) => void;
}

async function transact(context: RequestContext): Promise<void> {
  const { cache, response, services } = context;
  const body = await context.readFields();
  const checks = listIn(body, "checks").map(readCheck);
  const writes = [...listIn(body, "set").map(readWrite), ...listIn(body, "delete").map(readDeletion)];
  if (writes.length === 0) throw new HttpProblem(400, 'Name at least one key in "set" or "delete".');
  assertListLength("checks, set and delete", checks.length + writes.length, services.options.maxBatchKeyCount);
  const written = writes.map(({ key }) => key);
  if (new Set(written).size !== written.length)
    throw new HttpProblem(400, 'Each key may be in "set" and "delete" once.');
  const keys = new Set([...checks.map(({ key }) => key), ...written]);
  const isCommitted = await cache.transaction(keys, (tx) => {
    if (!checks.every(({ key, version }) => tx.version(key) === version)) return false;
    for (const { apply } of writes) apply(tx);
    return true;
  });
  if (!isCommitted) throw new HttpProblem(412, "Nothing was written: a key has another version than the checks say.");
  sendJson(response, 200, { committed: true });
}

function listIn(body: BodyFields, name: string): readonly unknown[] {
  const list = body[name] ?? [];
  if (Array.isArray(list)) return list as readonly unknown[];
  throw new HttpProblem(400, `"${name}" must be an array.`);
}

function readCheck(element: unknown): Check {
  const check = readElement(element, "checks", ["key", "version"]);
  const { version } = check;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 0)
    throw new HttpProblem(400, '"version" must be a version of a read or write, or 0 for an absent key.');
  return { key: readText(check, "key"), version };
}

function readWrite(element: unknown): Write {
  const item = readElement(element, "set", ["key", "value", "type", "ttl", "tags"]);
  const key = readText(item, "key");
  const value = readItemValue(item, "set");
  const ttl = readTtl(item, "ttl");
  const tags = readTags(item);
  const options = { ...(ttl === undefined ? {} : { ttl }), ...(tags === undefined ? {} : { tags }) };
  return { key, apply: (tx) => tx.set(key, value, options) };
}

function readDeletion(key: unknown): Write {
  if (typeof key !== "string") throw new HttpProblem(400, '"delete" must be an array of keys.');
  return { key, apply: (tx) => tx.delete(key) };
}
