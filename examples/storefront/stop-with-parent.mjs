/**
 * Loaded into the node before its own code (`node --import`): when the process that started it disappears, even by
 * SIGKILL, the channel between both breaks, and the node stops as if it had been told to.
 */
if (process.channel !== undefined) {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // Waiting for the end of the parent must not keep a node alive that has stopped.
  process.channel.unref();
}
