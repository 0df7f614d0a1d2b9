import { CLI_MUTATIONS } from "./cli-mutations.ts";
import { GRPC_API_MUTATIONS } from "./grpc-api-mutations.ts";
import { GRPC_MUTATIONS } from "./grpc-mutations.ts";
import { LIVE_MUTATIONS } from "./live-mutations.ts";
import { LOADING_MUTATIONS } from "./loading-mutations.ts";
import { MIDDLE_MUTATIONS } from "./middle-mutations.ts";
import type { Mutation } from "./mutation.ts";
import { NODE_MUTATIONS } from "./node-mutations.ts";
import { OWNER_MUTATIONS } from "./owner-mutations.ts";
import { REDIS_CHANGE_MUTATIONS } from "./redis-change-mutations.ts";
import { REQUEST_TRACE_MUTATIONS } from "./request-trace-mutations.ts";
import { REVALIDATION_MUTATIONS } from "./revalidation-mutations.ts";
import { STAND_IN_MUTATIONS } from "./stand-in-mutations.ts";
import { TIER_MUTATIONS } from "./tier-mutations.ts";
import { TRACING_MUTATIONS } from "./tracing-mutations.ts";

/** Every safeguard that is taken out once. */
export const ALL_MUTATIONS: readonly Mutation[] = [
  ...LOADING_MUTATIONS,
  ...STAND_IN_MUTATIONS,
  ...REDIS_CHANGE_MUTATIONS,
  ...TIER_MUTATIONS,
  ...MIDDLE_MUTATIONS,
  ...GRPC_MUTATIONS,
  ...LIVE_MUTATIONS,
  ...GRPC_API_MUTATIONS,
  ...OWNER_MUTATIONS,
  ...REVALIDATION_MUTATIONS,
  ...NODE_MUTATIONS,
  ...TRACING_MUTATIONS,
  ...REQUEST_TRACE_MUTATIONS,
  ...CLI_MUTATIONS,
];
