import { fromStoredKey, namespaceOf, toStoredKey } from "../entry/namespace-path.ts";
import { UnsupportedOperationError } from "../foundation/errors.ts";
import { callBackend, completeOnBackend } from "./call-backend.ts";
import type { ViewScope } from "./view-scope.ts";

/** Refuses what needs a scan where the store has none. */
export function assertScan(scope: ViewScope, operation: string): void {
  const { backend } = scope.core;
  if (backend.capabilities.scan) return;
  throw new UnsupportedOperationError(
    operation,
    `The store "${backend.name}" cannot list its keys. Use tags or a namespace instead.`,
  );
}

/** How keys are listed. */
export interface ScanOptions {
  readonly signal: AbortSignal | undefined;
  /** Also those whose data only stands in: for what ends entries, which must not leave it behind. Default: false. */
  readonly isStaleListed?: boolean;
}

/** The keys of a view that begin with `prefix`, in slices. */
export async function* scanView(
  scope: ViewScope,
  prefix: string,
  options: ScanOptions,
): AsyncGenerator<string[], void, undefined> {
  // In the root, an escaped key begins with "@:", which a plain prefix would miss: "" and "@…" are asked as they are stored.
  const storedPrefix = prefix === "" ? scope.prefix : toStoredKey(scope.prefix, prefix);
  for await (const slice of scanStored(scope, "scan", storedPrefix, options)) {
    yield slice.filter((storedKey) => namespaceOf(storedKey) === scope.path).map(fromStoredKey);
  }
}

/**
 * The stored keys that begin with a prefix, in slices. Every slice has the deadline of a read and heeds the signal;
 * whoever stops early makes the store stop too.
 */
export async function* scanStored(
  scope: ViewScope,
  operation: string,
  storedPrefix: string,
  { signal, isStaleListed = false }: ScanOptions,
): AsyncGenerator<readonly string[], void, undefined> {
  const { core } = scope;
  const controller = new AbortController();
  const begin = callBackend(core, operation, "read", signal, (backend) =>
    backend.scan!(storedPrefix, { signal: controller.signal, isStaleListed })[Symbol.asyncIterator](),
  );
  const slices = begin instanceof Promise ? await begin : begin;
  try {
    for (;;) {
      const next = await waitForSlice(scope, operation, signal, slices);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    controller.abort();
    // Not awaited: a store that hangs must not hold the caller who has left.
    slices.return?.().then(undefined, () => undefined);
  }
}

function waitForSlice(
  scope: ViewScope,
  operation: string,
  signal: AbortSignal | undefined,
  slices: AsyncIterator<readonly string[]>,
): Promise<IteratorResult<readonly string[]>> {
  scope.core.lifecycle.assertOpen();
  return Promise.resolve(
    completeOnBackend(scope.core, operation, "read", { signal, isRemote: true }, () => slices.next()),
  );
}
