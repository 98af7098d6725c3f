// Takes its time before it listens, as large programs do. The first request waits that long, and is answered.
import { createServer } from "node:http";

const { PORT = "8080", START_DELAY_MS = "3000" } = process.env;
const startedMs = Date.now();

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain" });
  response.end(`Awake since ${new Date(startedMs).toISOString()}, after ${START_DELAY_MS} ms of stretching.\n`);
});

setTimeout(() => server.listen(Number(PORT), "127.0.0.1"), Number(START_DELAY_MS));
