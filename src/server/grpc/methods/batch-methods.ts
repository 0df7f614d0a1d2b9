import { type ApiMethod, unaryMethod } from "../api-method.ts";
import {
  defineMessage,
  messageField,
  messagesField,
  numberField,
  optionalFlagField,
  optionalInt64Field,
  textField,
  textsField,
} from "../message-codec.ts";
import { fromValueMessage, VALUE } from "../value-message.ts";
import { writeOptions } from "../write-fields.ts";

const WRITE_ITEM = defineMessage({ key: textField(1), value: messageField(2, VALUE) });

/** Writing many keys. */
export const BATCH_METHODS: readonly ApiMethod[] = [
  unaryMethod(
    {
      name: "SetMulti",
      role: "write",
      request: defineMessage({
        namespace: textField(1),
        entries: messagesField(2, WRITE_ITEM),
        ttlMs: optionalInt64Field(3),
        tags: textsField(4),
        sliding: optionalFlagField(5),
      }),
      answer: defineMessage({ written: numberField(1) }),
    },
    async ({ namespace, entries, ...rest }, context) => {
      context.assertBatch(entries.length);
      const items = new Map(entries.map(({ key, value }) => [key, fromValueMessage(value)]));
      await context.view(namespace).setMulti(items, writeOptions(rest, context.signal));
      return { written: items.size };
    },
  ),
  unaryMethod(
    {
      name: "DeleteMulti",
      role: "write",
      request: defineMessage({ namespace: textField(1), keys: textsField(2) }),
      answer: defineMessage({ deleted: numberField(1) }),
    },
    async ({ namespace, keys }, context) => {
      context.assertBatch(keys.length);
      return { deleted: await context.view(namespace).deleteMulti(keys, { signal: context.signal }) };
    },
  ),
];
