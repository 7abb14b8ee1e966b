/**
 * Loaded into wrangler's process by `npm start`: when the start script is gone, however it ended, wrangler ends
 * too and takes its runtime with it. (Nobody can catch SIGKILL; a closed channel can be noticed.)
 */
if (process.channel) {
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // Listening must not keep a process alive that has nothing else to do.
  process.channel.unref();
}
