import { RedisServerError } from "../../clients/redis/redis-reply.ts";
import {
  BackendError,
  BackendOverloadedError,
  BackendTimeoutError,
  BackendUnavailableError,
  OutcomeUnknownError,
} from "../../foundation/errors.ts";

/** What a server's refusals mean and what can be done. */
const REMEDIES: Readonly<Record<string, string>> = {
  OOM: "the server's memory is full and it may evict nothing. Raise its maxmemory, choose an eviction policy, or store less",
  NOPERM:
    "the user lacks the permission. Allow it the commands used (EVALSHA, EVAL, SCRIPT, MGET, SCAN, …) the keys ~{gcx:* and the channels &gcx:*",
  NOAUTH: "the server asks for a password. Set redis.password, and redis.username for an ACL user",
  WRONGPASS: "the server does not take the user name or password",
  READONLY:
    "the server is a replica and takes no writes. It may have been demoted just now; else connect to the primary",
  MISCONF: "the server cannot write its data to disk and refuses writes. Look at its log and its disk",
  LOADING: "the server is loading its data. Try again in a moment",
  BUSY: "the server is busy with a script. Try again in a moment",
  MASTERDOWN: "the replica has lost its primary",
  CLUSTERDOWN: "the cluster is down: some of its slots have no server",
  CROSSSLOT: "the server is part of a cluster. Set redis.cluster.enabled",
  MOVED: "the server is part of a cluster, or the cluster changes. Set redis.cluster.enabled, or try again in a moment",
  WRONGTYPE: "another program keeps something else under the key",
};

/**
 * What a caller is told when a call to Redis failed: errors of the client as they are, but under the operation's own name, for many operations share a
 * command; errors of the server as a `BackendError` with a remedy. Never holds a key or a value.
 */
export function translateRedisError(name: string, operation: string, error: unknown): unknown {
  if (error instanceof RedisServerError) return ofServer(name, operation, error);
  if (!(error instanceof BackendError) || error.operation === operation) return error;
  const options = { cause: error };
  if (error instanceof OutcomeUnknownError) return new OutcomeUnknownError(name, operation, options);
  if (error instanceof BackendTimeoutError) return new BackendTimeoutError(name, operation, error.timeoutMs, options);
  if (error instanceof BackendUnavailableError) {
    return new BackendUnavailableError(name, operation, error.message, options);
  }
  if (error instanceof BackendOverloadedError)
    return new BackendOverloadedError(name, operation, error.message, options);
  return error;
}

function ofServer(name: string, operation: string, error: RedisServerError): BackendError {
  const remedy = REMEDIES[error.prefix];
  const what = remedy ?? "the server answered with an error. The cause has its words";
  return new BackendError("GCX_BACKEND_FAILED", name, operation, `${name}: "${operation}" was refused: ${what}.`, {
    cause: error,
  });
}
