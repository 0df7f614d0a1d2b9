// Runs one job in a process of its own and sends the result to run.mjs.
import process from "node:process";

/** @type {Record<string, (job: any) => Promise<unknown>>} */
const programs = {
  speed: async (job) => (await import("./scenarios/speed.mjs")).runSpeed(job),
  growth: async (job) => (await import("./scenarios/growth.mjs")).runGrowth(job),
  memory: async (job) => (await import("./scenarios/memory.mjs")).runMemory(job),
  gc: async (job) => (await import("./scenarios/gc.mjs")).runGc(job),
  flooding: async (job) => (await import("./scenarios/flooding.mjs")).runFlooding(job),
  api: async (job) => (await import("./scenarios/api.mjs")).runApi(job),
  loading: async (job) => (await import("./scenarios/loading.mjs")).runLoading(job),
  tiers: async (job) => (await import("./scenarios/tiers.mjs")).runTiers(job),
  remote: async (job) => (await import("./scenarios/remote.mjs")).runRemote(job),
  "remote-soak": async (job) => (await import("./remote/remote-soak.mjs")).runRemoteSoak(job),
  sharding: async (job) => (await import("./remote/sharding-jobs.mjs")).runSharding(job),
  routing: async (job) => (await import("./remote/routing.mjs")).runRouting(job),
  codec: async (job) => (await import("./scenarios/codec.mjs")).runCodec(job),
};

const job = JSON.parse(process.argv[2] ?? "{}");
const program = programs[job.program];
if (program === undefined || process.send === undefined) throw new Error("This is started by run.mjs.");
const result = await program(job);
// Some libraries leave timers behind; the job is done all the same.
process.send({ nodeVersion: process.version, v8: process.versions.v8, result }, () => process.exit(0));
