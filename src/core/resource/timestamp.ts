/** Kubernetes' metav1.Time: RFC 3339 in UTC with whole seconds, `2026-01-31T12:00:00Z`. */
export function timestampOf(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}
