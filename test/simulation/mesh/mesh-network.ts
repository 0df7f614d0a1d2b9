import type {
  GrpcAcceptedStream,
  GrpcClient,
  GrpcLibrary,
  GrpcServer,
} from "../../../src/transports/grpc/grpc-library.ts";
import type { EventOwner, EventQueue } from "../event-queue.ts";
import { mixedRandom } from "../mixed-random.ts";
import type { SimulationSettings } from "../schedule.ts";
import { MeshMetadata, MeshStream, type StreamCarrier, type StreamParcel } from "./mesh-stream.ts";

/** What the network is made of. */
export interface MeshNetworkParts {
  readonly seed: number;
  readonly queue: EventQueue;
  readonly settings: Pick<SimulationSettings, "usualDelayMs" | "rareDelayMs">;
  /** In ms, for {@link MeshNetwork.silentUntilMs}. */
  readonly heartbeatMs: number;
}

/** Which way between two places: from the first to the second, back, or both. */
export type MeshWay = "there" | "back" | "both";

interface Listening {
  readonly owner: EventOwner;
  readonly accept: (stream: GrpcAcceptedStream) => void;
}

/** Where the node of a place listens. */
export function meshAddressOf(place: number): string {
  return `${meshHostOf(place)}:${MESH_PORT}`;
}

/** The host of a place. */
export function meshHostOf(place: number): string {
  return `10.0.0.${place + 1}`;
}

/** Where every node listens. */
export const MESH_PORT = 7_000;

/**
 * The network between nodes: connections that keep their order, take their time, stand still, and break. Both ends see a break, each in its own time; of a host that is silent nobody hears. Under it
 * runs everything of `src/transports/grpc` but the library itself.
 */
export class MeshNetwork implements StreamCarrier {
  readonly #parts: MeshNetworkParts;
  readonly #listening = new Map<string, Listening>();
  readonly #streams = new Set<MeshStream>();
  readonly #holdUntilMs = new Map<string, number>();
  readonly #cutUntilMs = new Map<string, number>();
  #silentUntilMs = Number.NEGATIVE_INFINITY;
  #parcelCount = 0;
  #streamCount = 0;

  constructor(parts: MeshNetworkParts) {
    this.#parts = parts;
  }

  /** The library as a process has it. */
  libraryOf(owner: EventOwner, place: number): GrpcLibrary {
    const network = this;
    return {
      Metadata: MeshMetadata,
      credentials: { createInsecure: () => ({}), createSsl: () => ({}) },
      ServerCredentials: { createInsecure: () => ({}), createSsl: () => ({}) },
      Client: class implements GrpcClient {
        readonly #address: string;
        constructor(address: string) {
          this.#address = address.replace(/^dns:/, "");
        }
        makeBidiStreamRequest(): MeshStream {
          return network.#dial(owner, place, this.#address);
        }
        close(): void {
          // Its one call was given up before.
        }
      },
      Server: class implements GrpcServer {
        #accept: Listening["accept"] = () => undefined;
        #address = "";
        addService(_: object, { Link }: Readonly<Record<string, Listening["accept"]>>): void {
          if (Link !== undefined) this.#accept = Link;
        }
        bindAsync(address: string, _: object, callback: (error: Error | null, port: number) => void): void {
          this.#address = address;
          network.#listening.set(address, { owner, accept: this.#accept });
          callback(null, MESH_PORT);
        }
        forceShutdown(): void {
          network.#listening.delete(this.#address);
        }
      },
    };
  }

  /** When the last frame comes that is, though nothing holds it and it is sent in time, so late that its link seems silent before: 2.5 heartbeats after the one before it. */
  get silentUntilMs(): number {
    return this.#silentUntilMs;
  }

  /** What is sent on this way stands still until an instant. */
  hold(place: number, other: number, way: MeshWay, untilMs: number): void {
    for (const pair of pairsOf(place, other, way)) extend(this.#holdUntilMs, pair, untilMs);
  }

  /** Connections between two places break, and none comes up until an instant. */
  cut(place: number, other: number, untilMs: number): void {
    for (const pair of pairsOf(place, other, "both")) extend(this.#cutUntilMs, pair, untilMs);
    for (const stream of [...this.#streams]) {
      if (stream.place === place && stream.otherPlace === other) this.#break(stream);
    }
  }

  /** A process dies. `isSilent`: with its host, so that nobody hears of it. */
  kill(owner: EventOwner, isSilent: boolean): void {
    for (const [address, listening] of this.#listening) if (listening.owner === owner) this.#listening.delete(address);
    for (const stream of [...this.#streams]) {
      if (stream.owner !== owner) continue;
      if (isSilent) this.#forget(stream);
      else this.#break(stream);
    }
  }

  carry(from: MeshStream, parcel: StreamParcel): void {
    const { queue } = this.#parts;
    const to = from.other as MeshStream;
    const pair = nameOf(from.place, from.otherPlace);
    const heldUntilMs = this.#holdUntilMs.get(pair) ?? 0;
    const atMs = Math.max(from.lastAtMs, Math.max(queue.nowMs, heldUntilMs) + this.#delayMs(from));
    if (heldUntilMs <= queue.nowMs) this.#noteLate(from, atMs);
    from.lastAtMs = atMs;
    const arrive = (): void => {
      if (!this.#streams.has(to)) return;
      if (parcel.kind === "open") this.#open(from, to);
      else this.#deliver(from, to, parcel);
    };
    queue.at(atMs, "feed", to.owner, arrive, from.rank);
  }

  #noteLate(from: MeshStream, atMs: number): void {
    const { queue, heartbeatMs } = this.#parts;
    const isLate = atMs - queue.nowMs > 1.5 * heartbeatMs && atMs - from.lastAtMs > 2.5 * heartbeatMs;
    if (isLate) this.#silentUntilMs = Math.max(this.#silentUntilMs, atMs);
  }

  #deliver(from: MeshStream, to: MeshStream, parcel: StreamParcel): void {
    if (parcel.kind === "data" && from.noteArrived(parcel.frame.length))
      this.#at(this.#parts.queue.nowMs + 1, from.owner, () => !from.isOver && from.emit("drain"));
    to.receive(parcel);
    if (parcel.kind === "over" || to.isOver) this.#forget(to);
  }

  #dial(owner: EventOwner, place: number, address: string): MeshStream {
    const otherPlace = Number(/^10\.0\.0\.(\d+):/.exec(address)?.[1]) - 1;
    const dialed = this.#stream({ isDialed: true, owner, place, otherPlace });
    const accepter = this.#listening.get(address)?.owner;
    const isCut = (this.#cutUntilMs.get(nameOf(place, otherPlace)) ?? 0) > this.#parts.queue.nowMs;
    const accepted = this.#stream({
      isDialed: false,
      owner: accepter ?? NOBODY,
      place: otherPlace,
      otherPlace: place,
    });
    dialed.other = accepted;
    accepted.other = dialed;
    if (accepter === undefined || isCut) {
      // A host that is there says no; behind a cut there is silence.
      if (!isCut) this.#at(this.#parts.queue.nowMs + this.#delayMs(dialed), owner, () => dialed.lose());
      return dialed;
    }
    this.#streams.add(dialed);
    this.#streams.add(accepted);
    this.carry(dialed, { kind: "open" });
    return dialed;
  }

  #stream(end: Pick<MeshStream, "isDialed" | "owner" | "place" | "otherPlace">): MeshStream {
    this.#streamCount += 1;
    return new MeshStream(this, { ...end, rank: mixedRandom(this.#parts.seed, this.#streamCount, 23) });
  }

  #open(dialed: MeshStream, accepted: MeshStream): void {
    for (const { owner, accept } of this.#listening.values()) {
      if (owner !== accepted.owner) continue;
      accept(accepted);
      return;
    }
    this.#break(dialed);
  }

  /** Both ends hear of it, each in its time, and what is on its way is lost. */
  #break(stream: MeshStream): void {
    for (const end of [stream, stream.other as MeshStream]) {
      if (!this.#streams.delete(end)) continue;
      this.#at(this.#parts.queue.nowMs + this.#delayMs(end), end.owner, () => end.lose());
    }
  }

  #forget(stream: MeshStream): void {
    this.#streams.delete(stream);
  }

  #delayMs({ place, otherPlace }: MeshStream): number {
    const { seed, settings } = this.#parts;
    this.#parcelCount += 1;
    const chance = mixedRandom(seed, place, otherPlace, this.#parcelCount, 21);
    const part = mixedRandom(seed, place, otherPlace, this.#parcelCount, 22);
    return 1 + Math.floor(part * (chance < 0.1 ? settings.rareDelayMs : settings.usualDelayMs));
  }

  #at(atMs: number, owner: EventOwner, run: () => void): void {
    this.#parts.queue.at(atMs, "feed", owner, run);
  }
}

const NOBODY: EventOwner = { isDead: true, isPaused: false };

function nameOf(from: number, to: number): string {
  return `${from} ${to}`;
}

function pairsOf(place: number, other: number, way: MeshWay): readonly string[] {
  return [...(way === "back" ? [] : [nameOf(place, other)]), ...(way === "there" ? [] : [nameOf(other, place)])];
}

function extend(until: Map<string, number>, pair: string, untilMs: number): void {
  until.set(pair, Math.max(until.get(pair) ?? 0, untilMs));
}
