// Listens as soon as the file $GATE exists: a service whose start takes as long as the benchmark wants.
import { existsSync } from "node:fs";
import { createServer } from "node:http";

const { PORT = "8080", GATE = "" } = process.env;
const POLL_MS = 20;

const server = createServer((_request, response) => response.end("open\n"));
const timer = setInterval(() => {
  if (!existsSync(GATE)) return;
  clearInterval(timer);
  server.listen(Number(PORT), "127.0.0.1");
}, POLL_MS);
