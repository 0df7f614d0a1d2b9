import type { MemcachedClient } from "../../../src/clients/memcached/memcached-client.ts";
import type { MetaRequest } from "../../../src/clients/memcached/meta-message.ts";

/** Where a test stops a client's requests, to let something else happen first. */
export interface RequestGate {
  /** Called before a request is handed to the client, in their order; what it returns is waited for. Default: nothing is. */
  before: ((request: MetaRequest) => unknown) | undefined;
  /** Called once, between the requests of the next batch before an index and the others: each part is a batch then, and what it returns is waited for. */
  within: { readonly index: number; readonly act: () => unknown } | undefined;
  /** Every request so far. */
  readonly seen: MetaRequest[];
}

/** A client whose requests pass a gate. */
export function gateClient(client: MemcachedClient): { readonly client: MemcachedClient; readonly gate: RequestGate } {
  const gate: RequestGate = { before: undefined, within: undefined, seen: [] };
  async function pass(requests: readonly MetaRequest[]): Promise<void> {
    gate.seen.push(...requests);
    for (const request of requests) await gate.before?.(request);
  }
  const gated: MemcachedClient = {
    address: client.address,
    get incarnation() {
      return client.incarnation;
    },
    get version() {
      return client.version;
    },
    get features() {
      return client.features;
    },
    get maxItemBytes() {
      return client.maxItemBytes;
    },
    connect: (signal) => client.connect(signal),
    close: () => client.close(),
    async send(request, options) {
      await pass([request]);
      return client.send(request, options);
    },
    sendTo(request, options, receiver) {
      pass([request]).then(
        () => client.sendTo(request, options, receiver),
        (error) => receiver.reject(error),
      );
    },
    async sendBatch(requests, options) {
      await pass(requests);
      const { within } = gate;
      if (within === undefined) return client.sendBatch(requests, options);
      gate.within = undefined;
      const first = await client.sendBatch(requests.slice(0, within.index), options);
      await within.act();
      const others = await client.sendBatch(requests.slice(within.index), options);
      return { replies: [...first.replies, ...others.replies], connection: first.connection };
    },
    stats: (group, options) => client.stats(group, options),
    connections: () => client.connections(),
  };
  return { client: gated, gate };
}
