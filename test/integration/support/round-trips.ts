import type { MemcachedClient } from "../../../src/clients/memcached/memcached-client.ts";
import type { MetaRequest } from "../../../src/clients/memcached/meta-message.ts";

/** What a client sent, as rounds: requests that left before an answer to the round came are one. */
export interface RoundTrips {
  /** Requests of each round since the last {@link RoundTrips.forget}. */
  readonly rounds: MetaRequest[][];
  /** Begins anew. */
  forget(): void;
}

/** A client whose round trips are counted. Everything that is asked before the first reply was read is one. */
export function countRoundTrips(client: MemcachedClient): {
  readonly client: MemcachedClient;
  readonly trips: RoundTrips;
} {
  const rounds: MetaRequest[][] = [];
  let isAnswered = true;
  const note = (requests: readonly MetaRequest[]): void => {
    if (isAnswered) rounds.push([]);
    isAnswered = false;
    rounds.at(-1)?.push(...requests);
  };
  const answered = (): void => {
    isAnswered = true;
  };
  const trips: RoundTrips = {
    rounds,
    forget: () => {
      rounds.splice(0);
      isAnswered = true;
    },
  };
  const counted: MemcachedClient = {
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
    address: client.address,
    connect: (signal) => client.connect(signal),
    close: () => client.close(),
    send(request, options) {
      note([request]);
      return client.send(request, options).finally(answered);
    },
    sendTo(request, options, receiver) {
      note([request]);
      client.sendTo(request, options, {
        resolve: (answer) => {
          answered();
          receiver.resolve(answer);
        },
        reject: (error) => {
          answered();
          receiver.reject(error);
        },
      });
    },
    sendBatch(requests, options) {
      note(requests);
      return client.sendBatch(requests, options).finally(answered);
    },
    stats: (group, options) => client.stats(group, options),
    connections: () => client.connections(),
  };
  return { client: counted, trips };
}
