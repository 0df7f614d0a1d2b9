import type { CopiesState, NodeState, Place, StoreData, StoreState, Work } from "./copies-state.ts";

/** A copy of a state that may be changed: field by field, several times as fast as one that has to look for the fields first, and types see to it that none is left out. O(size of the state). */
export function copyCopies(state: CopiesState): CopiesState {
  const { store, nodes, messages, ack, acknowledged, ticket, left } = state;
  return {
    store: copyStore(store),
    nodes: nodes.map(copyNode),
    messages: messages.map((message) => ({ kind: message.kind, before: message.before, version: message.version })),
    ack: ack === null ? null : { ...ack, missing: ack.missing.slice() },
    acknowledged,
    ticket,
    left: {
      reads: left.reads,
      works: left.works,
      changes: left.changes,
      probes: left.probes,
      evictions: left.evictions,
      restarts: left.restarts,
      failovers: left.failovers,
      wipes: left.wipes,
      tableLosses: left.tableLosses,
    },
  };
}

function copyStore({ data, replica, newest, newestTagClock, endedAt }: StoreState): StoreState {
  return {
    data: copyData(data),
    replica: replica === null ? null : copyData(replica),
    newest,
    newestTagClock,
    endedAt: endedAt.slice(),
  };
}

/** A copy of what a store holds. */
export function copyData({ epoch, head, value, endsAt, tagClock, leases, tableBornAt }: StoreData): StoreData {
  return { epoch, head, value, endsAt, tagClock, leases: leases.slice(), tableBornAt };
}

function copyNode({ shard, tags, memberFrom, memberAt, copy, work, probe, known }: NodeState): NodeState {
  return {
    shard: copyPlace(shard),
    tags: copyPlace(tags),
    memberFrom,
    memberAt,
    copy:
      copy === null
        ? null
        : {
            value: copy.value,
            head: copy.head,
            tagHead: copy.tagHead,
            generation: copy.generation,
            readAt: copy.readAt,
            endsAt: copy.endsAt,
          },
    work: work.map(copyWork),
    probe: probe === null ? null : { ...probe },
    known,
  };
}

function copyPlace(place: Place): Place {
  return {
    epoch: place.epoch,
    generation: place.generation,
    applied: place.applied,
    floor: place.floor,
    seen: place.seen,
    freshAt: place.freshAt,
    owed: place.owed,
    owedAt: place.owedAt,
    links: place.links.map(([before, version]) => [before, version]),
  };
}

function copyWork(work: Work): Work {
  return {
    kind: work.kind,
    stage: work.stage,
    sentAt: work.sentAt,
    generation: work.generation,
    seenHead: work.seenHead,
    tagHead: work.tagHead,
    minHead: work.minHead,
    isVoid: work.isVoid,
    isOutdated: work.isOutdated,
    value: work.value,
    head: work.head,
    epoch: work.epoch,
    endsAt: work.endsAt,
    isLost: work.isLost,
  };
}
