import type { Lock } from "../../../atomic/lock.ts";
import { LockLostError } from "../../../foundation/errors.ts";
import { type ApiMethod, unaryMethod } from "../api-method.ts";
import { defineMessage, flagField, numberField, textField } from "../message-codec.ts";

const PLACE = { namespace: textField(1), name: textField(2) };

/** Locks with fencing tokens. Who holds one proves it by its lease, which nobody else was told. */
export const LOCK_METHODS: readonly ApiMethod[] = [
  unaryMethod(
    {
      name: "AcquireLock",
      role: "write",
      request: defineMessage({ ...PLACE, ttlMs: numberField(3), waitMs: numberField(4) }),
      answer: defineMessage({ lease: textField(1), token: numberField(2), validForMs: numberField(3) }),
    },
    async ({ namespace, name, ttlMs, waitMs }, context) => {
      const { leases } = context.services;
      leases.assertRoom();
      const options = { ttl: ttlMs, wait: waitMs, signal: context.signal };
      const lock = await context.view(namespace).lock(name, options);
      // The caller left in the moment in which the lock was given: nobody else can give it back.
      if (context.isLeft) await lock.release();
      return { lease: leases.keep(placeOf(namespace, name), lock), token: lock.token, validForMs: validForMs(lock) };
    },
  ),
  unaryMethod(
    {
      name: "ExtendLock",
      role: "write",
      request: defineMessage({ ...PLACE, lease: textField(3), ttlMs: numberField(4) }),
      answer: defineMessage({ token: numberField(1), validForMs: numberField(2) }),
    },
    async ({ namespace, name, lease, ttlMs }, context) => {
      const lock = context.services.leases.find(placeOf(namespace, name), lease);
      if (lock === undefined) throw new LockLostError("ExtendLock");
      await lock.extend(ttlMs === 0 ? undefined : ttlMs);
      return { token: lock.token, validForMs: validForMs(lock) };
    },
  ),
  unaryMethod(
    {
      name: "ReleaseLock",
      role: "write",
      request: defineMessage({ ...PLACE, lease: textField(3) }),
      answer: defineMessage({ released: flagField(1) }),
    },
    async ({ namespace, name, lease }, context) => {
      const lock = context.services.leases.find(placeOf(namespace, name), lease);
      return { released: lock === undefined ? false : await lock.release() };
    },
  ),
];

function validForMs({ validUntil }: Lock): number {
  return Math.max(0, Math.floor(validUntil - performance.now()));
}

/** A lock's name with the namespaces it is in, told apart from every other. */
function placeOf(namespace: string, name: string): string {
  return JSON.stringify([namespace, name]);
}
