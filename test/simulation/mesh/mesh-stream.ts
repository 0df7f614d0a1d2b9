import { EventEmitter } from "node:events";
import type {
  GrpcAcceptedStream,
  GrpcDialedStream,
  GrpcMetadata,
  GrpcStatusError,
} from "../../../src/transports/grpc/grpc-library.ts";
import type { EventOwner } from "../event-queue.ts";

/** What is on its way to the other end. */
export type StreamParcel =
  | { readonly kind: "open" }
  | { readonly kind: "data"; readonly frame: Buffer }
  /** Nothing follows. */
  | { readonly kind: "end" }
  /** The call is over at once: given up by who dialed, or ended with a status by who was dialed. */
  | { readonly kind: "over"; readonly error: GrpcStatusError };

/** Takes parcels to the other end, in their order. */
export interface StreamCarrier {
  carry(from: MeshStream, parcel: StreamParcel): void;
}

/** More bytes on their way than this, and `write` says to wait. */
const HIGH_WATER_BYTES = 600;

const CANCELLED = 1;
const UNAVAILABLE = 14;

/** One end of a call of the model network: what the library's streams do, as far as links use them. */
export class MeshStream extends EventEmitter implements GrpcDialedStream, GrpcAcceptedStream {
  readonly metadata: GrpcMetadata = new MeshMetadata();
  readonly isDialed: boolean;
  readonly owner: EventOwner;
  /** Places of this end and the other, for the faults between them. */
  readonly place: number;
  readonly otherPlace: number;
  other: MeshStream | undefined;
  /** Nothing is sent any more, and nothing comes. */
  isOver: boolean = false;
  /** What it sends comes in order, also when it comes at one instant: as in `EventQueue.at`. */
  readonly rank: number;
  /** When the last parcel arrives. */
  lastAtMs: number = 0;
  #bufferedBytes = 0;
  #isFull = false;
  #isEnded = false;
  readonly #carrier: StreamCarrier;

  constructor(carrier: StreamCarrier, end: Pick<MeshStream, "isDialed" | "owner" | "place" | "otherPlace" | "rank">) {
    super();
    this.#carrier = carrier;
    this.isDialed = end.isDialed;
    this.owner = end.owner;
    this.place = end.place;
    this.otherPlace = end.otherPlace;
    this.rank = end.rank;
  }

  write(frame: Buffer): boolean {
    if (this.isOver || this.#isEnded) return true;
    this.#bufferedBytes += frame.length;
    this.#carrier.carry(this, { kind: "data", frame });
    if (this.#bufferedBytes > HIGH_WATER_BYTES) this.#isFull = true;
    return !this.#isFull;
  }

  /** A frame has arrived. @returns whether there is room again, after there was none */
  noteArrived(sizeBytes: number): boolean {
    this.#bufferedBytes -= sizeBytes;
    if (!this.#isFull || this.#bufferedBytes > HIGH_WATER_BYTES / 2) return false;
    this.#isFull = false;
    return true;
  }

  end(): void {
    if (this.isOver || this.#isEnded) return;
    this.#isEnded = true;
    this.#carrier.carry(this, { kind: "end" });
  }

  cancel(): void {
    this.#giveUp(statusError(CANCELLED, "cancelled"));
  }

  getPeer(): string {
    return `10.0.0.${this.otherPlace + 1}:1`;
  }

  sendMetadata(): void {
    // Nobody looks into it without a token.
  }

  getAuthContext(): null {
    return null;
  }

  /** Of an accepted call: an error that is told of from outside ends it with a status. */
  override emit(event: string, ...args: readonly unknown[]): boolean {
    if (event === "error" && !this.isDialed) {
      const { code, details } = args[0] as GrpcStatusError;
      this.#giveUp(statusError(code, details));
      return true;
    }
    return super.emit(event, ...args);
  }

  /** The connection under it is lost, as this end sees it. */
  lose(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.isDialed) super.emit("error", statusError(UNAVAILABLE, "connection dropped"));
    else super.emit("cancelled");
  }

  /** Something arrives from the other end. */
  receive(parcel: StreamParcel): void {
    if (this.isOver) return;
    if (parcel.kind === "data") super.emit("data", parcel.frame);
    else if (parcel.kind === "end") super.emit("end");
    else if (parcel.kind === "over") {
      this.isOver = true;
      if (this.isDialed) super.emit("error", parcel.error);
      else super.emit("cancelled");
    }
  }

  #giveUp(error: GrpcStatusError): void {
    if (this.isOver) return;
    this.#carrier.carry(this, { kind: "over", error });
    this.isOver = true;
  }
}

/** Headers that nobody reads. */
export class MeshMetadata implements GrpcMetadata {
  set(): void {
    // Without a token there is nothing to set.
  }

  get(): readonly string[] {
    return [];
  }
}

function statusError(code: number, details: string): GrpcStatusError {
  return Object.assign(new Error(details), { code, details });
}
