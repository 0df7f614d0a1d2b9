import type { Mutation } from "./mutation.ts";

const ROOM = "src/transports/grpc";
const MESH_TEST = `${ROOM}/mesh.test.ts`;
const PARTS_TEST = `${ROOM}/mesh-parts.test.ts`;
const QUEUE_TEST = `${ROOM}/message-queue.test.ts`;
const NUMBERS_TEST = `${ROOM}/sequence-tracker.test.ts`;
const FRAME_TEST = `${ROOM}/wire/frame.test.ts`;
const OPTIONS_TEST = `${ROOM}/resolve-grpc-transport.test.ts`;
const PROTOCOL_TEST = "test/integration/grpc-transport-protocol.test.ts";
const SECURITY_TEST = "test/integration/grpc-transport-security.test.ts";
const FAULTS_TEST = "test/integration/grpc-transport-faults.test.ts";

/** What is told in short. */
const DROPPED = `${ROOM}/dropped-changes.ts`;
const KNOWN = "the queue of messages for one node that knows what it has no room for";
const DIRTY_MUTATIONS: readonly Mutation[] = [
  {
    name: "of the heads of a shard that is told in short the largest counts",
    file: DROPPED,
    search: "else if (head === undefined || version > head) this.#heads.set(shard, version);",
    replacement: "else this.#heads.set(shard, version);",
    testFile: QUEUE_TEST,
    testName: `${KNOWN} tells of each shard the largest head of its changes, whatever their order, and none where one is not known`,
  },
  {
    name: "a head that is not known stays so",
    file: DROPPED,
    search: "version === undefined || (this.#heads.has(shard) && head === undefined)",
    replacement: "version === undefined",
    testFile: QUEUE_TEST,
    testName: `${KNOWN} tells of each shard the largest head of its changes, whatever their order, and none where one is not known`,
  },
  {
    name: "what cannot be told in short is everything",
    file: DROPPED,
    search: "if (trace === undefined) this.#isEverything = true;",
    replacement: "if (trace === undefined) return;",
    testFile: QUEUE_TEST,
    testName: `${KNOWN} tells that everything may have changed for 'everything may have changed'`,
  },
  {
    name: "a copy of a shard that was told in short is not served",
    file: "src/coherence/freshness-table.ts",
    search: "if (this.#doubts.concern(copy)) return false;",
    replacement: "",
    testFile: "src/coherence/freshness-table.test.ts",
    testName:
      "a copy of a shard of which keys were changed that nobody names is over when it was read below the head that is told, though its own read is young; one that has the change is not, nor one of another shard",
  },
  {
    name: "an answer of a shard that was told in short is not kept",
    file: "src/coherence/coherence-node.ts",
    search: "this.#work.noteShard(shard, head);",
    replacement: "",
    testFile: "src/coherence/coherence-node.test.ts",
    testName:
      "a node that hears which shards were changed, and not which keys serves no copy of those that may be older, and keeps no answer that may be, and leaves the others alone",
  },
  {
    name: "shards of other numbers are everything",
    file: "src/coherence/coherence-node.ts",
    search: "if (shardCount !== this.table.shardCount || shards.some(({ shard }) => shard >= shardCount)) {",
    replacement: "if (shardCount === 0) {",
    testFile: "src/coherence/coherence-node.test.ts",
    testName:
      "a node that hears which shards were changed, and not which keys takes shards of other numbers for everything",
  },
];

/** Numbers, queues and frames. */
const MESSAGE_MUTATIONS: readonly Mutation[] = [
  {
    name: "a double is dropped",
    file: `${ROOM}/sequence-tracker.ts`,
    search: "if (found === undefined) return false;",
    replacement: "if (found === undefined) return true;",
    testFile: NUMBERS_TEST,
    testName: "the numbers of a node's messages let a double through once only, and a late one that was missing",
  },
  {
    name: "numbers that jump are a gap",
    file: `${ROOM}/sequence-tracker.ts`,
    search: "return { isGap, areNew };",
    replacement: "return { isGap: false, areNew };",
    testFile: NUMBERS_TEST,
    testName: "the numbers of a node's messages tell a gap when they jump, once",
  },
  {
    name: "few pieces that are missing are kept",
    file: `${ROOM}/sequence-tracker.ts`,
    search: ".slice(-MAX_MISSING_COUNT)",
    replacement: "",
    testFile: NUMBERS_TEST,
    testName: "the numbers of a node's messages take no more memory however many gaps there are",
  },
  {
    name: "a heartbeat shows that the last message was lost",
    file: `${ROOM}/mesh.ts`,
    search: "if (peer.noteSent(frame.sequence)) listener.onGap(peer.id);",
    replacement: "peer.noteSent(frame.sequence);",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them show by a heartbeat that the last message was lost",
  },
  {
    name: "what is said while there is no link has a number",
    file: `${ROOM}/peer.ts`,
    search: "      this.#sequence += 1;\n",
    replacement: "",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them hear by its number what was said without one that only the other end knew to be over",
  },
  {
    name: "what waited for a link that is over has its numbers",
    file: `${ROOM}/peer.ts`,
    search: "this.#sequence += this.#queue.clear();",
    replacement: "this.#queue.clear();",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them hear by its number what waited for a link that only the other end knew to be over",
  },
  {
    name: "numbers to a node that was forgotten go on",
    file: `${ROOM}/mesh.ts`,
    search: "this.#sequenceFloor = Math.max(this.#sequenceFloor, peer.sequence);",
    replacement: "",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them continue their numbers also to a node that was forgotten meanwhile",
  },
  {
    name: "a queue is bounded by count",
    file: `${ROOM}/message-queue.ts`,
    search: "this.count < this.#bounds.maxCount && ",
    replacement: "",
    testFile: QUEUE_TEST,
    testName:
      "the queue of messages for one node never grows beyond its bound of count: it says once that everything may have changed",
  },
  {
    name: "a queue is bounded by bytes",
    file: `${ROOM}/message-queue.ts`,
    search: " && this.#bytes + bytes.length <= this.#bounds.maxBytes",
    replacement: "",
    testFile: QUEUE_TEST,
    testName:
      "the queue of messages for one node never grows beyond its bound of bytes: it says once that everything may have changed",
  },
  {
    name: "nothing is put into a message that has left",
    file: `${ROOM}/message-queue.ts`,
    search: "    this.#dropped = undefined;\n    while (this",
    replacement: "    while (this",
    testFile: QUEUE_TEST,
    testName:
      "the queue of messages for one node keeps a change that comes after 'everything may have changed' has left",
  },
  {
    name: "questions are kept when a queue collapses",
    file: `${ROOM}/message-queue.ts`,
    search: "for (const control of controls) this.#append(control);",
    replacement: "",
    testFile: QUEUE_TEST,
    testName:
      "the queue of messages for one node keeps questions and answers when it collapses, after the message that stands for the changes before them",
  },
  {
    name: "a kind that is not known is everything",
    file: `${ROOM}/wire/decode-message.ts`,
    search: "  if (field === MESSAGE_KIND.ack) return decodeAck(body);\n  return UNKNOWN;",
    replacement: "  return decodeAck(body);",
    testFile: FRAME_TEST,
    testName: "frames take kinds that they do not know for 'everything may have changed', among others that they know",
  },
  {
    name: "a key that would come out as another is everything",
    file: `${ROOM}/wire/encode-message.ts`,
    search: "return message.key.isWellFormed() && isOptional(message.version)",
    replacement: "return isOptional(message.version)",
    testFile: FRAME_TEST,
    testName: "frames say 'everything may have changed' instead of a key or a number that would come out as another",
  },
];

/** Links, dials and heartbeats. */
const LINK_MUTATIONS: readonly Mutation[] = [
  {
    name: "who waits for an answer of a node does not wait for a batch",
    file: `${ROOM}/mesh.ts`,
    search: "this.#parts.flushes.request(peer, message.isControl);",
    replacement: "this.#parts.flushes.request(peer, false);",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them let nobody who waits for an answer wait for a batch",
  },
  {
    name: "a silent link is given up",
    file: `${ROOM}/mesh.ts`,
    search: "nowMs - link.heardAtMs > silenceMs",
    replacement: "nowMs < link.heardAtMs",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them give up a link over which nothing was heard, and forget a node that stays away",
  },
  {
    name: "who stood still judges nobody's silence",
    file: `${ROOM}/heartbeats.ts`,
    search: "if (!hasStoodStill) sweep(",
    replacement: "sweep(",
    testFile: PARTS_TEST,
    testName: "heartbeats judge nobody's silence when this process has stood still itself",
  },
  {
    name: "a full link gets no heartbeat",
    file: `${ROOM}/peer.ts`,
    search: "if (link?.isWritable) link.send(encodeHeartbeat",
    replacement: "link?.send(encodeHeartbeat",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them that do not read cost a bounded queue, and hear that everything may have changed",
  },
  {
    name: "a link that is over for the other end is not held on to",
    file: `${ROOM}/mesh.ts`,
    search: "!isPresentOver && ",
    replacement: "",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them do not hold on to a link that the other end knows to be over",
  },
  {
    name: "both ends keep the same link",
    file: `${ROOM}/choose-link.ts`,
    search: "return second.dialerId < first.dialerId;",
    replacement: "return true;",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them that dial each other at the same time keep the same link",
  },
  {
    name: "an older link is kept until something has come over the newer one",
    file: `${ROOM}/peer.ts`,
    search: "if (this.#isHeard) link.finish();",
    replacement: "link.finish();",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them keep the one link that the other end knows of, when one replaces a link, until the other end uses the other",
  },
  {
    name: "a link that was turned down is kept until something has come over the other",
    file: `${ROOM}/mesh.ts`,
    search: "      peer.retire(link);\n      return;",
    replacement: "      link.finish();\n      return;",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them keep the one link that the other end knows of, when one turns a link down, until the other end uses the other",
  },
  {
    name: "older links end when something has come over the newer one",
    file: `${ROOM}/peer.ts`,
    search: "for (const older of this.#older) older.finish();",
    replacement: "",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them keep the one link that the other end knows of, when one replaces a link, until the other end uses the other",
  },
  {
    name: "older links end with the loss of their node",
    file: `${ROOM}/peer.ts`,
    search: "for (const link of this.#older) link.leave();",
    replacement: "",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them go back to no older link when the newer one is lost",
  },
  {
    name: "few older links of a node are kept",
    file: `${ROOM}/peer.ts`,
    search: "slice(0, -MAX_OLDER_COUNT)",
    replacement: "slice(MAX_OLDER_COUNT + 100)",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them keep four older links of a node that dials again and again, and end them with the others",
  },
  {
    name: "a node has left when its older links are over, too",
    file: `${ROOM}/mesh.ts`,
    search: "if ([...this.#peers.values()].every((peer) => peer.links().length === 0))",
    replacement: "if ([...this.#peers.values()].every(({ current }) => current === undefined))",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them have left when their older links are over, too",
  },
  {
    name: "what is no frame ends the link",
    file: `${ROOM}/link.ts`,
    search: "this.abort(error instanceof Error ? error : new Error(String(error)));",
    replacement: "",
    testFile: MESH_TEST,
    testName: "two nodes and the links between them are heard no more when what they send is no frame",
  },
  {
    name: "what waits is sent before a node leaves",
    file: `${ROOM}/mesh.ts`,
    search: "      peer.flush();\n      for (const link of peer.links())",
    replacement: "      for (const link of peer.links())",
    testFile: MESH_TEST,
    testName:
      "two nodes and the links between them leave in order: what waits is sent, and nobody who leaves is told of it",
  },
  {
    name: "a node does not dial itself again",
    file: `${ROOM}/dialer.ts`,
    search: '      target.state = "self";\n',
    replacement: "      this.#wait(target);\n",
    testFile: PARTS_TEST,
    testName: "the dialer dials an address that leads to itself once",
  },
  {
    name: "who refused is not asked all the time",
    file: `${ROOM}/dialer.ts`,
    search: "const pauseMs = isRefused ?",
    replacement: "const pauseMs = isRefused && attempt < 0 ?",
    testFile: PARTS_TEST,
    testName: "the dialer asks who refused it again after the longest pause only",
  },
  {
    name: "links that end at once are failures",
    file: `${ROOM}/dialer.ts`,
    search: "const attempt = isStable ? 0 : target.failedCount;",
    replacement: 'const attempt = target.state === "linked" || isStable ? 0 : target.failedCount;',
    testFile: PARTS_TEST,
    testName: "the dialer does not dial in a circle a node whose links end as soon as they are made",
  },
  {
    name: "a node that has a link is not dialed",
    file: `${ROOM}/dialer.ts`,
    search: "target.nodeId !== undefined && this.#parts.isLinked(target.nodeId)",
    replacement: "target.failedCount < 0",
    testFile: PARTS_TEST,
    testName: "the dialer does not dial a node that has a link, whoever dialed it, and dials when that is lost",
  },
  {
    name: "a dial that is given up ends its sockets",
    file: `${ROOM}/dialed-sockets.ts`,
    search: "    for (const socket of this.#sockets) socket.destroy();\n",
    replacement: "",
    testFile: FAULTS_TEST,
    testName:
      "an address where nobody answers is given up at the deadline of the dial, its socket with it, and dialed again after a pause",
  },
];

/** Who is let in. */
const GUARD_MUTATIONS: readonly Mutation[] = [
  {
    name: "a node that others reach lets nobody in unseen",
    file: `${ROOM}/resolve-grpc-transport.ts`,
    search: "  assertGuarded(host, tls, token);\n",
    replacement: "",
    testFile: OPTIONS_TEST,
    testName: "options of the gRPC transport let nobody in unseen: 0.0.0.0 needs a token, or tls with caFile",
  },
  {
    name: "who dials in shows that it knows the token",
    file: `${ROOM}/accept-link.ts`,
    search: "if (token !== undefined && !isSameProof(",
    replacement: "if (token === shown && !isSameProof(",
    testFile: PROTOCOL_TEST,
    testName: "a node that was written from the .proto file alone is told nothing when its proof is another",
  },
  {
    name: "who is dialed shows that it knows the token",
    file: `${ROOM}/dial-link.ts`,
    search: "if (token !== undefined && !isSameProof(",
    replacement: "if (token === this.#proof && token !== undefined && !isSameProof(",
    testFile: SECURITY_TEST,
    testName: "nodes that share a token do not talk to one that listens at a node's address without knowing it",
    hangs: true,
  },
  {
    name: "a proof is for one direction",
    file: `${ROOM}/token-proof.ts`,
    search: "v1 dial\\n$",
    replacement: "v1 accept\\n$",
    testFile: PROTOCOL_TEST,
    testName:
      "a node that was written from the .proto file alone is asked for its token, and is shown that this node has it",
    hangs: true,
  },
  {
    name: "who dials in shows a certificate",
    file: `${ROOM}/grpc-credentials.ts`,
    search: "cert_chain: cert }], true);",
    replacement: "cert_chain: cert }], false);",
    testFile: SECURITY_TEST,
    testName: "nodes with certificates let nobody in without one, with one of another authority, or without encryption",
  },
  {
    name: "who dials in has the name that it must have",
    file: `${ROOM}/certificate-check.ts`,
    search: "return checkServerIdentity(serverName, certificate as PeerCertificate);",
    replacement: "return undefined;",
    testFile: SECURITY_TEST,
    testName: "nodes with certificates let nobody in that has another name than they were told",
  },
  {
    name: "certificates that are no pair are not taken",
    file: `${ROOM}/certificate-renewal.ts`,
    search: "    createSecureContext(context);\n",
    replacement: "",
    testFile: SECURITY_TEST,
    testName: "renewed certificates are shown without a restart; halves of a pair are not",
    hangs: true,
  },
  {
    name: "who speaks only newer versions is refused",
    file: `${ROOM}/greeting.ts`,
    search: "hello.oldestVersion > PROTOCOL_VERSION || ",
    replacement: "",
    testFile: PROTOCOL_TEST,
    testName: "a node of a newer protocol is refused with its versions when it does not speak this node's any more",
  },
  {
    name: "who says nothing is not waited for",
    file: `${ROOM}/accept-link.ts`,
    search: 'this.#link.abort(new Error("no hello in time"))',
    replacement: "undefined",
    testFile: PROTOCOL_TEST,
    testName: "what no node should send silence instead of a hello ends the stream in time",
    hangs: true,
  },
  {
    name: "a frame above the limit is not taken",
    file: `${ROOM}/grpc-channel-options.ts`,
    search: '"grpc.max_receive_message_length": maxMessageBytes + 64,',
    replacement: "",
    testFile: PROTOCOL_TEST,
    testName: "what no node should send a frame above the limit ends the link, and is not kept",
  },
];

/** The safeguards of the transport between peers. */
export const GRPC_MUTATIONS: readonly Mutation[] = [
  ...DIRTY_MUTATIONS,
  ...MESSAGE_MUTATIONS,
  ...LINK_MUTATIONS,
  ...GUARD_MUTATIONS,
  {
    name: "a dial is not given up for the time in which this process stood still",
    file: "src/transports/grpc/dial-link.ts",
    search: "lateMs > LATE_MS ? Math.min(lateMs, patienceMs) : 0",
    replacement: "lateMs < 0 ? Math.min(lateMs, patienceMs) : 0",
    testFile: "src/transports/grpc/dial-link.test.ts",
    testName: "a dial goes on for as long as this process stood still, for an answer may wait unread",
  },
  {
    name: "a dial ends in a process that stands still again and again",
    file: "src/transports/grpc/dial-link.ts",
    search: "this.#arm(moreMs, patienceMs - moreMs)",
    replacement: "this.#arm(moreMs, patienceMs)",
    testFile: "src/transports/grpc/dial-link.test.ts",
    testName: "a dial is given up in a process that stands still again and again, too",
  },
];
