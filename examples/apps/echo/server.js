// A WebSocket echo: says back what it hears, text as text and binary as binary.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const { PORT = "8080" } = process.env;

const server = createServer((_request, response) => {
  response.writeHead(426, { "content-type": "text/plain", upgrade: "websocket" });
  response.end("Connect with a WebSocket.\n");
});

new WebSocketServer({ server }).on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});

server.listen(Number(PORT), "127.0.0.1");
