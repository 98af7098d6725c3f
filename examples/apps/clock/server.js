// A stream that never ends by itself: server-sent events, one per second. While somebody listens, the service stays awake.
import { createServer } from "node:http";

const { PORT = "8080" } = process.env;
const TICK_MS = 1_000;

createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const tick = () => response.write(`data: ${new Date().toISOString()}\n\n`);
  tick();
  const timer = setInterval(tick, TICK_MS);
  response.once("close", () => clearInterval(timer));
}).listen(Number(PORT), "127.0.0.1");
