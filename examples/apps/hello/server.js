// Says hello. Everything that a service needs to know comes from its environment.
import { createServer } from "node:http";

const { TARGET = "World", PORT = "8080", K_REVISION = "" } = process.env;

createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "x-revision": K_REVISION });
  response.end(`Hello ${TARGET}!\n`);
}).listen(Number(PORT), "127.0.0.1");
