import { setTimeout as delay } from "node:timers/promises";
import type { Faults } from "../support/fault-proxy.ts";
import type { CellOutcome } from "./cell-outcome.ts";
import { type AllowedOutcomes, asBreakable, eachProxy, type MatrixFault } from "./matrix-fault.ts";
import type { StoreRig } from "./store-rig.ts";

/** The network delays, cuts and joins, but everything arrives. */
const ALL_WELL: AllowedOutcomes = { read: [], write: [], health: ["up", "degraded"] };
/** Nothing was sent, because there is no connection. */
const NOTHING_SENT: AllowedOutcomes = {
  read: ["unavailable", "overloaded"],
  write: ["unavailable", "overloaded"],
  health: ["down"],
};
/** What was sent has no answer. A read may be tried again, and succeed or find nobody. */
const NO_ANSWER: AllowedOutcomes = {
  read: ["timeout", "unavailable", "overloaded"],
  write: ["unknown", "timeout", "unavailable", "overloaded"],
  health: ["up", "degraded", "down"],
};
/** `degraded`: one of many servers. */
const SILENT: AllowedOutcomes = { ...NO_ANSWER, health: ["down", "degraded"] };
/** The server answers, with errors. */
const REFUSING: AllowedOutcomes = { read: [], write: ["refused"], health: ["up", "degraded"] };

const QUICK_RECOVERY_MS = 2_000;
/** A failover takes as long as the servers need to agree: some 2 s here. */
const FAILOVER_RECOVERY_MS = 15_000;
/** Long enough that all bytes of a request are on their way. */
const IN_FLIGHT_MS = 30;
/** Well below the deadline, also when a reply takes it on its way there and back. */
const SLOW_MS = 20;

/** A fault of the network, which one change of the proxies brings about and `heal` ends. */
function networkFault(fault: Pick<MatrixFault, "name" | "meaning" | "allowed">, changes: Partial<Faults>): MatrixFault {
  return {
    ...fault,
    rig: "network",
    recoveryMs: QUICK_RECOVERY_MS,
    begin: (rig) => eachProxy(rig, (proxy) => proxy.set(changes)),
    end: heal,
  };
}

/** The same, once all requests have left: each of them meets it. */
function inFlightFault(
  fault: Pick<MatrixFault, "name" | "meaning" | "allowed">,
  changes: Partial<Faults>,
): MatrixFault {
  return {
    ...networkFault(fault, { blackHolesReplies: true }),
    during: async (rig) => {
      await delay(IN_FLIGHT_MS);
      eachProxy(rig, (proxy) => proxy.set({ ...changes, blackHolesReplies: false }));
    },
  };
}

function heal(rig: StoreRig): void {
  eachProxy(rig, (proxy) => proxy.heal());
}

const breakIt = (rig: StoreRig): Promise<void> => asBreakable(rig).breakServer();
const mendIt = (rig: StoreRig): Promise<void> => asBreakable(rig).mendServer();

/** Faults of the network. */
const NETWORK_FAULTS: readonly MatrixFault[] = [
  {
    name: "down at start",
    meaning: "nobody listens when the cache is made",
    reason: /ECONNREFUSED/,
    rig: "network",
    isThereAtStart: true,
    recoveryMs: QUICK_RECOVERY_MS,
    allowed: NOTHING_SENT,
    begin: async (rig) => void (await Promise.all(rig.allProxies.map((proxy) => proxy.goDown()))),
    end: async (rig) => void (await Promise.all(rig.allProxies.map((proxy) => proxy.comeUp()))),
  },
  networkFault(
    { name: "hung", meaning: "connections stay open, nothing passes in either direction", allowed: SILENT },
    { blackHolesRequests: true, blackHolesReplies: true },
  ),
  networkFault(
    { name: "half-open, requests lost", meaning: "nothing reaches the server", allowed: SILENT },
    { blackHolesRequests: true },
  ),
  networkFault(
    { name: "half-open, replies lost", meaning: "the server hears and nobody hears it", allowed: SILENT },
    { blackHolesReplies: true },
  ),
  inFlightFault(
    { name: "reset in a reply", meaning: "each connection is reset after 3 bytes of a reply", allowed: NO_ANSWER },
    { replyBytesUntilReset: 3 },
  ),
  {
    ...networkFault(
      { name: "slow", meaning: `every chunk takes ${SLOW_MS} ms in each direction`, allowed: ALL_WELL },
      { latencyMs: SLOW_MS },
    ),
    letsAllArrive: true,
  },
  {
    ...networkFault({ name: "sliced", meaning: "every byte comes alone", allowed: ALL_WELL }, { sliceBytes: 1 }),
    letsAllArrive: true,
  },
  inFlightFault(
    { name: "garbage", meaning: "noise comes instead of replies", allowed: withRefusals(NO_ANSWER) },
    { replacesReplies: true },
  ),
];

/** Faults of the servers. */
const SERVER_FAULTS: readonly MatrixFault[] = [
  {
    name: "dies in flight",
    meaning: "the server is killed while requests are under way, and comes back empty",
    rig: "crash",
    losesData: true,
    recoveryMs: QUICK_RECOVERY_MS,
    allowed: NO_ANSWER,
    begin: (rig) => eachProxy(rig, (proxy) => proxy.set({ blackHolesReplies: true })),
    during: async (rig) => {
      await delay(IN_FLIGHT_MS);
      await breakIt(rig);
    },
    end: async (rig) => {
      await mendIt(rig);
      heal(rig);
    },
  },
  {
    name: "wrong password",
    meaning: "the server does not know the password until it is told",
    reason: /WRONGPASS|NOAUTH|password|authenticat/i,
    rig: "password",
    isThereAtStart: true,
    recoveryMs: QUICK_RECOVERY_MS,
    allowed: NOTHING_SENT,
    begin: breakIt,
    end: mendIt,
  },
  {
    name: "wrong TLS",
    meaning: "the certificate is of an authority that the client does not know until its file is renewed",
    reason: /certificate/i,
    rig: "tls",
    isThereAtStart: true,
    recoveryMs: QUICK_RECOVERY_MS,
    allowed: NOTHING_SENT,
    begin: breakIt,
    end: mendIt,
  },
  {
    name: "full memory",
    meaning: "the server has no room and may evict nothing (`noeviction`, `-M`)",
    reason: /memory/i,
    rig: "memory",
    recoveryMs: QUICK_RECOVERY_MS,
    allowed: REFUSING,
    begin: breakIt,
    end: mendIt,
  },
  {
    name: "failover",
    meaning:
      "the primary is killed while requests are under way, and its replica takes over; sharded: the next server does",
    rig: "failover",
    losesData: true,
    recoveryMs: FAILOVER_RECOVERY_MS,
    allowed: NO_ANSWER,
    begin: (rig) => asBreakable(rig).freezeServer?.(),
    during: async (rig) => {
      await delay(IN_FLIGHT_MS);
      await breakIt(rig);
    },
    end: mendIt,
  },
  {
    name: "slot migration",
    meaning: "the slots of the keys move to another primary and back while operations run",
    rig: "migration",
    isLasting: true,
    letsAllArrive: true,
    recoveryMs: QUICK_RECOVERY_MS,
    allowed: ALL_WELL,
    begin: breakIt,
    end: mendIt,
  },
];

/** All faults, in the order of the page. */
export const MATRIX_FAULTS: readonly MatrixFault[] = [...NETWORK_FAULTS, ...SERVER_FAULTS];

function withRefusals({ read, write, health }: AllowedOutcomes): AllowedOutcomes {
  const refused: CellOutcome[] = ["refused"];
  return { read: [...read, ...refused], write: [...write, ...refused], health };
}
