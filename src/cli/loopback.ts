/** Whether a host name in a URL is this machine, reachable from nowhere else. */
export function isLoopback(hostname: string): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])$/.test(hostname);
}
