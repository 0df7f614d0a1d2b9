import { assert } from "../bounded-assert.ts";

/** Asserts that an error is one of the library's family; by its code, for the store may use another copy of the package. */
export function assertOfFamily(error: unknown, what: string): void {
  if (!codeOf(error).startsWith("GCX_")) assert.fail(`${what} failed with ${error}, which is no error of the family`);
}

/** Asserts that an error says that the store failed: a `BackendError` or one of its subclasses. */
export function assertBackendError(error: unknown, what: string): void {
  if (!codeOf(error).startsWith("GCX_BACKEND_")) assert.fail(`${what} failed with ${error}, which is no BackendError`);
}

/** Whether an error says that nobody knows what became of a write. */
export function isOutcomeUnknown(error: unknown): boolean {
  return codeOf(error) === "GCX_BACKEND_OUTCOME_UNKNOWN";
}

function codeOf(error: unknown): string {
  return String(((error ?? {}) as { readonly code?: unknown }).code);
}
