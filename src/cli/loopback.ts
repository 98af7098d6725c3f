/** Whether a host, as an address to listen on or as in a URL, is this machine and reachable from nowhere else. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d+){3}|localhost|\[?::1\]?)$/.test(host);
}
