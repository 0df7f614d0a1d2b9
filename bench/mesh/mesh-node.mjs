// One node of the benchmark, in a process of its own: counts what it hears, answers questions, and tells what it costs.
import process from "node:process";

const { grpcTransport } = await import(process.argv[2]);
const own = JSON.parse(process.argv[3]);
let heardCount = 0;
let gapCount = 0;
let wantedCount = Number.POSITIVE_INFINITY;

const transport = grpcTransport({ ...own, port: 0 });
await transport.open({
  onMessage(message, from) {
    if (message.kind === "ack-ask") transport.send(from, { kind: "ack", id: message.id });
    else if (message.kind === "change") {
      heardCount += 1;
      if (heardCount === wantedCount) process.send({ kind: "heard" });
    } else if (message.kind === "unknown") process.send({ kind: "collapsed" });
  },
  onGap() {
    gapCount += 1;
  },
});

/** @type {Record<string, (message: any) => void | Promise<void>>} */
const answers = {
  expect({ count }) {
    heardCount = 0;
    wantedCount = count;
    process.send({ kind: "ready" });
  },
  dial({ addresses }) {
    for (const address of addresses) transport.addPeer(address);
  },
  cost() {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    const cpu = process.cpuUsage();
    const connectedCount = transport.peers().filter(({ state }) => state === "connected").length;
    process.send({
      kind: "cost",
      rss,
      heap: heapUsed + external,
      cpuMs: (cpu.user + cpu.system) / 1_000,
      connectedCount,
      gapCount,
    });
  },
  async close() {
    await transport.close();
    process.disconnect();
  },
};
process.on("message", (message) => answers[message.kind]?.(message));
process.send({ kind: "open", address: transport.address, id: transport.nodeId });
