import type { CounterOptions } from "../../../cache/options.ts";
import { CounterError } from "../../../foundation/errors.ts";
import { type ApiMethod, unaryMethod } from "../api-method.ts";
import { GrpcProblem } from "../grpc-problem.ts";
import { GRPC_STATUS } from "../grpc-status.ts";
import {
  defineMessage,
  flagField,
  int64Field,
  messageField,
  numberField,
  optionalInt64Field,
  textField,
  textsField,
} from "../message-codec.ts";
import { fromValueMessage, toValueMessage, VALUE } from "../value-message.ts";
import { KEY_FIELDS, toTtl, WRITE_FIELDS, writeOptions } from "../write-fields.ts";

const WRITE_REQUEST = defineMessage(WRITE_FIELDS);

/** Writing one key, and ending the entries of tags. */
export const WRITE_METHODS: readonly ApiMethod[] = [
  unaryMethod(
    {
      name: "Set",
      role: "write",
      request: WRITE_REQUEST,
      answer: defineMessage({ version: numberField(1), epoch: textField(2), coherent: flagField(3) }),
    },
    async ({ namespace, key, value, ...rest }, context) =>
      context.view(namespace).set(key, fromValueMessage(value), writeOptions(rest, context.signal)),
  ),
  unaryMethod(
    {
      name: "Delete",
      role: "write",
      request: defineMessage(KEY_FIELDS),
      answer: defineMessage({ deleted: flagField(1) }),
    },
    async ({ namespace, key }, context) => ({
      deleted: await context.view(namespace).delete(key, { signal: context.signal }),
    }),
  ),
  unaryMethod(
    { name: "SetNX", role: "write", request: WRITE_REQUEST, answer: defineMessage({ written: flagField(1) }) },
    async ({ namespace, key, value, ...rest }, context) => ({
      written: await context.view(namespace).setNX(key, fromValueMessage(value), writeOptions(rest, context.signal)),
    }),
  ),
  unaryMethod(
    {
      name: "GetSet",
      role: "write",
      request: WRITE_REQUEST,
      answer: defineMessage({ previous: messageField(1, VALUE) }),
    },
    async ({ namespace, key, value, ...rest }, context) => {
      const options = writeOptions(rest, context.signal);
      const previous = await context.view(namespace).getSet(key, fromValueMessage(value), options);
      return { previous: previous === undefined ? undefined : toValueMessage(previous) };
    },
  ),
  unaryMethod(
    {
      name: "CompareAndSet",
      role: "write",
      request: defineMessage({ ...WRITE_FIELDS, expectedVersion: numberField(7) }),
      answer: defineMessage({ written: flagField(1), version: numberField(2) }),
    },
    async ({ namespace, key, value, expectedVersion, ...rest }, context) => {
      const options = writeOptions(rest, context.signal);
      const stored = fromValueMessage(value);
      const { ok, version } = await context.view(namespace).compareAndSet(key, expectedVersion, stored, options);
      return { written: ok, version };
    },
  ),
  unaryMethod(
    {
      name: "Expire",
      role: "write",
      request: defineMessage({ ...KEY_FIELDS, ttlMs: optionalInt64Field(3) }),
      answer: defineMessage({ found: flagField(1) }),
    },
    async ({ namespace, key, ttlMs }, context) => {
      // A forgotten TTL must not be one of 0, which would end the entry.
      if (ttlMs === undefined) throw new GrpcProblem(GRPC_STATUS.invalidArgument, "Expire needs ttl_ms.");
      return { found: await context.view(namespace).expire(key, toTtl(ttlMs), { signal: context.signal }) };
    },
  ),
  unaryMethod(
    {
      name: "Increment",
      role: "write",
      request: defineMessage({
        ...KEY_FIELDS,
        delta: optionalInt64Field(3),
        initial: optionalInt64Field(4),
        ttlMs: optionalInt64Field(5),
        opId: textField(6),
      }),
      answer: defineMessage({ value: int64Field(1) }),
    },
    async ({ namespace, key, delta = 1n, initial, ttlMs, opId }, context) => {
      const options: CounterOptions = {
        signal: context.signal,
        ...(initial === undefined ? {} : { initial }),
        ...(ttlMs === undefined ? {} : { ttl: toTtl(ttlMs) }),
        ...(opId === "" ? {} : { opId }),
      };
      return { value: await countedIn64Bits(context.view(namespace).increment(key, delta, options)) };
    },
  ),
  unaryMethod(
    {
      name: "InvalidateTags",
      role: "write",
      request: defineMessage({ tags: textsField(1) }),
      answer: defineMessage({}),
    },
    async ({ tags }, context) => {
      if (tags.length === 0) throw new GrpcProblem(GRPC_STATUS.invalidArgument, "Name at least one tag.");
      await context.services.cache.invalidateTags(tags, { signal: context.signal });
      return {};
    },
  ),
];

/** Counts; an error that names an argument of the library's API is told in words of this one. */
async function countedIn64Bits(sum: Promise<bigint>): Promise<bigint> {
  try {
    return await sum;
  } catch (error) {
    if (!(error instanceof CounterError) || error.code !== "GCX_COUNTER_RANGE") throw error;
    throw new CounterError("GCX_COUNTER_RANGE", "The sum would leave the 64 bits of a counter; nothing was changed.");
  }
}
