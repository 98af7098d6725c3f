/** The sockets of one agent's link, of which one speaks for it: who said hello on which, and when each was last heard. */

/** What a socket remembers through hibernation; `bootId` is null until hello, and again when it speaks for nobody. */
type Attachment = { readonly bootId: string | null; readonly connectedAtMs: number };

export class LinkSockets {
  readonly #ctx: DurableObjectState;
  /** For sockets that spoke since the object woke. */
  readonly #heardAtMs = new WeakMap<WebSocket, number>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  accept(socket: WebSocket, nowMs: number): void {
    this.#ctx.acceptWebSocket(socket);
    remember(socket, { bootId: null, connectedAtMs: nowMs });
  }

  heard(socket: WebSocket, nowMs: number): void {
    this.#heardAtMs.set(socket, nowMs);
  }

  /** The socket speaks for the agent from now on. */
  greet(socket: WebSocket, bootId: string, nowMs: number): void {
    remember(socket, { bootId, connectedAtMs: nowMs });
  }

  bootIdOf(socket: WebSocket): string | null {
    return attachmentOf(socket).bootId;
  }

  /** Open sockets that said hello. */
  live(except: WebSocket | null): WebSocket[] {
    return this.#ctx.getWebSockets().filter((socket) => {
      return socket !== except && socket.readyState === WebSocket.OPEN && this.bootIdOf(socket) !== null;
    });
  }

  /** Pings that the runtime answers by itself count. */
  lastHeardMs(socket: WebSocket): number {
    const pingedAtMs = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    return Math.max(pingedAtMs, this.#heardAtMs.get(socket) ?? 0, attachmentOf(socket).connectedAtMs);
  }

  /** Closes a socket that speaks for nobody any more: neither its frames nor its end count. */
  drop(socket: WebSocket, code: number, reason: string): void {
    remember(socket, { ...attachmentOf(socket), bootId: null });
    this.close(socket, code, reason);
  }

  close(socket: WebSocket, code: number, reason: string): void {
    try {
      socket.close(code, reason);
    } catch {
      // It was closed already.
    }
  }
}

function attachmentOf(socket: WebSocket): Attachment {
  return (socket.deserializeAttachment() as Attachment | null) ?? { bootId: null, connectedAtMs: 0 };
}

function remember(socket: WebSocket, attachment: Attachment): void {
  socket.serializeAttachment(attachment);
}
