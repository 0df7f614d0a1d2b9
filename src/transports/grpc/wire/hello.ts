import type { ProtobufWriter } from "../../../foundation/protobuf-writer.ts";
import { MalformedFrameError, type ProtobufReader } from "./protobuf-reader.ts";

/** Who is at the other end of a link. */
export interface Hello {
  /** Newest and oldest version of the protocol that the sender speaks. */
  readonly newestVersion: number;
  readonly oldestVersion: number;
  /** Names one life of the sender. */
  readonly nodeId: string;
  /** Where it can be dialed; begins with ":" when it only knows its port. */
  readonly address: string;
  readonly cluster: string;
  /** Number of this dial; 0 from who accepts. */
  readonly dialNumber: number;
  /** Every link of this node's dials up to this number is over for the sender. */
  readonly endedLink: EndedLink | undefined;
  /** Whether the sender only asks if it would be let in: it is answered, and no link comes of it. Default: false. */
  readonly isVisit?: boolean;
}

/** A link that one side knows to be over. */
export interface EndedLink {
  /** The node that had dialed it. */
  readonly nodeId: string;
  readonly dialNumber: number;
}

/** Writes the body of a `Hello`. */
export function writeHello(writer: ProtobufWriter, hello: Hello): void {
  writer.number(1, hello.newestVersion);
  writer.number(2, hello.oldestVersion);
  writer.text(3, hello.nodeId);
  writer.text(4, hello.address);
  writer.text(5, hello.cluster);
  writer.number(6, hello.dialNumber);
  const { endedLink, isVisit = false } = hello;
  if (endedLink !== undefined) {
    writer.message(7, () => {
      writer.text(1, endedLink.nodeId);
      writer.number(2, endedLink.dialNumber);
    });
  }
  if (isVisit) writer.number(8, 1);
}

/** Fields of `Hello` by their numbers. */
const NUMBER_NAMES: Readonly<Record<number, "newestVersion" | "oldestVersion" | "dialNumber">> = {
  1: "newestVersion",
  2: "oldestVersion",
  6: "dialNumber",
};
const TEXT_NAMES: Readonly<Record<number, "nodeId" | "address" | "cluster">> = {
  3: "nodeId",
  4: "address",
  5: "cluster",
};

/** Reads the body of a `Hello`. @throws MalformedFrameError when it names no node, or a number is none */
export function decodeHello(body: ProtobufReader): Hello {
  const numbers = { newestVersion: 0, oldestVersion: 0, dialNumber: 0 };
  const texts = { nodeId: "", address: "", cluster: "" };
  let endedLink: EndedLink | undefined;
  let isVisit = false;
  while (body.next()) {
    const numberName = NUMBER_NAMES[body.field];
    const textName = TEXT_NAMES[body.field];
    if (numberName !== undefined) numbers[numberName] = body.number();
    else if (textName !== undefined) texts[textName] = body.text() ?? "";
    else if (body.field === 7) endedLink = decodeEndedLink(body.message());
    else if (body.field === 8) isVisit = body.number() === 1;
  }
  if (texts.nodeId === "" || Object.values(numbers).some(Number.isNaN)) {
    throw new MalformedFrameError("a hello names no node, or has a number that is none");
  }
  return { ...numbers, ...texts, endedLink, ...(isVisit ? { isVisit } : {}) };
}

function decodeEndedLink(body: ProtobufReader | undefined): EndedLink | undefined {
  if (body === undefined) return undefined;
  let nodeId = "";
  let dialNumber = 0;
  while (body.next()) {
    if (body.field === 1) nodeId = body.text() ?? "";
    else if (body.field === 2) dialNumber = body.number();
  }
  return nodeId === "" || Number.isNaN(dialNumber) ? undefined : { nodeId, dialNumber };
}
