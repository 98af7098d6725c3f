/** What is told of a wanted pod to whoever looks: all but its template, whose environment may hold secrets. */
import type { DescribedPod } from "../protocol/objects.ts";
import type { DesiredPod } from "../protocol/pod.ts";

export function describePod({ template, ...pod }: DesiredPod): DescribedPod {
  const { podId, revisionUid, wanted, createdAtMs, retiringSinceMs } = pod;
  const { namespace, revision, image } = template;
  return {
    ...{ podId, revisionUid, wanted, namespace, revision, image },
    ...(createdAtMs === undefined ? {} : { createdAtMs }),
    ...(retiringSinceMs === undefined ? {} : { retiringSinceMs }),
  };
}
