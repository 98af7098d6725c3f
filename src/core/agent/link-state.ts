/**
 * The connection of an agent as its object sees it, and whose hello is heard.
 */
import type { AgentConnection } from "../protocol/objects.ts";

/** Sockets drop at every deploy; pods stay in rotation this long before the agent counts as lost. */
export const LOST_AFTER_MS = 30_000;
/** A socket that was silent this long is dead, whatever TCP says (the agent pings every 5 s). */
export const SILENT_AFTER_MS = 12_000;

export type LinkState = {
  readonly connection: AgentConnection;
  /** When the last socket went; null while connected. */
  readonly disconnectedAtMs: number | null;
};

/**
 * Whether nobody is behind a socket any more: a machine that lost power or its network sends no FIN, so no close comes.
 * @param lastHeardMs  when it last said anything, pings included
 */
export function isSilent(lastHeardMs: number, nowMs: number): boolean {
  return nowMs - lastHeardMs > SILENT_AFTER_MS;
}

/** The state after some time without a socket. */
export function afterAbsence(state: LinkState, nowMs: number): LinkState {
  if (state.connection !== "Disconnected" || state.disconnectedAtMs === null) return state;
  return nowMs >= state.disconnectedAtMs + LOST_AFTER_MS ? { ...state, connection: "Lost" } : state;
}

/**
 * Two processes must not act as one agent. The same process may come back on a new socket (the old one is displaced); a
 * new process displaces a silent one and is refused by name while the old one is alive.
 * @param lastHeardMs  when the open socket of the other boot last said anything; null = there is none
 */
export function judgeHello(
  openBootId: string | null,
  lastHeardMs: number | null,
  bootId: string,
  nowMs: number,
): "accept" | "displace" | "refuse" {
  if (openBootId === null || lastHeardMs === null) return "accept";
  if (openBootId === bootId) return "displace";
  return isSilent(lastHeardMs, nowMs) ? "displace" : "refuse";
}
