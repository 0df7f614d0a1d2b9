import type { ServerResponse } from "node:http";

/** Whether all of an answer was handed to the system. For the platform (before Node 24) it is finished also when writing it failed, because the client had gone. */
export function wasSent(response: ServerResponse): boolean {
  return response.writableFinished && !response.req.socket.errored;
}
