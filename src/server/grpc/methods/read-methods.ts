import { type ApiMethod, streamMethod, unaryMethod } from "../api-method.ts";
import type { CallContext } from "../call-context.ts";
import {
  defineMessage,
  flagField,
  int64Field,
  messageField,
  messagesField,
  numberField,
  optionalInt64Field,
  textField,
  textsField,
} from "../message-codec.ts";
import { toValueMessage, VALUE } from "../value-message.ts";
import { fromTtl, KEY_FIELDS } from "../write-fields.ts";

const KEY_REQUEST = defineMessage(KEY_FIELDS);
const KEYS_REQUEST = defineMessage({ namespace: textField(1), keys: textsField(2) });
const ENTRY = defineMessage({
  value: messageField(1, VALUE),
  version: numberField(2),
  ttlMs: int64Field(3),
  tags: textsField(4),
  stale: flagField(5),
  tier: textField(6),
});
const FOUND_VALUE = defineMessage({ key: textField(1), value: messageField(2, VALUE) });
const LIST_REQUEST = defineMessage({ namespace: textField(1), prefix: textField(2), limit: numberField(3) });

const LISTED_KEYS = defineMessage({ keys: textsField(1) });

/** Keys are sent in messages of about this length, in UTF-16 units: a message for each would cost more than the listing. */
const MESSAGE_LENGTH = 16_384;

/** Reading. */
export const READ_METHODS: readonly ApiMethod[] = [
  unaryMethod(
    { name: "Get", role: "read", request: KEY_REQUEST, answer: defineMessage({ value: messageField(1, VALUE) }) },
    async ({ namespace, key }, context) => {
      const value = await context.view(namespace).get(key, { signal: context.signal });
      return { value: value === undefined ? undefined : toValueMessage(value) };
    },
  ),
  unaryMethod(
    { name: "GetEntry", role: "read", request: KEY_REQUEST, answer: defineMessage({ entry: messageField(1, ENTRY) }) },
    async ({ namespace, key }, context) => {
      const entry = await context.view(namespace).getEntry(key, { signal: context.signal });
      if (entry === undefined) return { entry: undefined };
      const { value, version, ttl, tags, stale, tier } = entry;
      return {
        entry: { value: toValueMessage(value), version, ttlMs: fromTtl(ttl), tags: [...tags], stale, tier },
      };
    },
  ),
  unaryMethod(
    { name: "Exists", role: "read", request: KEY_REQUEST, answer: defineMessage({ exists: flagField(1) }) },
    async ({ namespace, key }, context) => ({
      exists: await context.view(namespace).exists(key, { signal: context.signal }),
    }),
  ),
  unaryMethod(
    {
      name: "GetMulti",
      role: "read",
      request: KEYS_REQUEST,
      answer: defineMessage({ entries: messagesField(1, FOUND_VALUE) }),
    },
    async ({ namespace, keys }, context) => {
      context.assertBatch(keys.length);
      const found = await context.view(namespace).getMulti(keys, { signal: context.signal });
      return { entries: Array.from(found, ([key, value]) => ({ key, value: toValueMessage(value) })) };
    },
  ),
  unaryMethod(
    { name: "Ttl", role: "read", request: KEY_REQUEST, answer: defineMessage({ ttlMs: optionalInt64Field(1) }) },
    async ({ namespace, key }, context) => {
      const ttlMs = await context.view(namespace).ttl(key, { signal: context.signal });
      return { ttlMs: ttlMs === undefined ? undefined : fromTtl(ttlMs) };
    },
  ),
  streamMethod({ name: "Keys", role: "read", request: LIST_REQUEST, answer: LISTED_KEYS }, listKeys),
];

async function* listKeys(
  { namespace, prefix, limit }: { readonly namespace: string; readonly prefix: string; readonly limit: number },
  context: CallContext,
): AsyncIterable<{ keys: string[] }> {
  const most = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  const options = { signal: context.signal, ...(prefix === "" ? {} : { prefix }) };
  let keys: string[] = [];
  let length = 0;
  let count = 0;
  for await (const key of context.view(namespace).keys(options)) {
    keys.push(key);
    length += key.length;
    count += 1;
    if (length >= MESSAGE_LENGTH) {
      yield { keys };
      keys = [];
      length = 0;
    }
    // Not read past the limit: the store may have to work for the next key.
    if (count >= most) break;
  }
  if (keys.length > 0) yield { keys };
}
