/**
 * Stands for the network of a machine: what the process dials leads through ways that main.mjs can cut. `WAYS` says which: `{"127.0.0.1:6379": "127.0.0.1:40001", …}`.
 * It is loaded before the process itself (`--import`), which knows nothing of it.
 */

import { Socket } from "node:net";
import process from "node:process";

const ways = JSON.parse(process.env.WAYS ?? "{}");
const { connect } = Socket.prototype;

Socket.prototype.connect = function connectThroughWay(...given) {
  const [options, ...others] = Array.isArray(given[0]) ? given[0] : given;
  const way = ways[`${options?.host}:${options?.port}`];
  if (way === undefined) return connect.apply(this, given);
  const [host, port] = way.split(":");
  return connect.call(this, { ...options, host, port: Number(port) }, ...others.filter((each) => each !== null));
};
