/** The golden vectors of gc.json against the choice of revisions to delete. */
import { describe, expect, test } from "vitest";
import { findGarbage } from "../../../src/core/reconcile/gc.ts";
import {
  ANNOTATION_NO_GC,
  ANNOTATION_ROUTING_STATE_MODIFIED,
  LABEL_ROUTING_STATE,
} from "../../../src/core/resource/annotations.ts";
import { controllerReference } from "../../../src/core/resource/object.ts";
import type { Revision } from "../../../src/core/resource/serving.ts";
import { timestampOf } from "../../../src/core/resource/timestamp.ts";
import { loadVectors } from "../../vectors.ts";
import { configuration, NOW_MS, observedOf, revision } from "./fixtures.ts";

type Limit = number | "disabled";

type Vector = {
  readonly id: string;
  readonly note: string;
  readonly retain_since_create_time_s: Limit;
  readonly retain_since_last_active_time_s: Limit;
  readonly min_non_active_revisions: number;
  readonly max_non_active_revisions: Limit;
  readonly latest_ready_revision?: string;
  readonly revisions: readonly {
    readonly name: string;
    readonly created_ago_s: number;
    readonly routing_state?: string;
    readonly routing_state_modified_ago_s?: number;
    readonly no_gc_annotation?: string;
    readonly want_deleted: boolean;
  }[];
};

const OWNER = configuration("hello", {}, "True");

const agoOf = (seconds: number) => timestampOf(NOW_MS - seconds * 1_000);
const limitOf = (limit: Limit, unit = 1) => (limit === "disabled" ? null : limit * unit);

function toRevision(vector: Vector["revisions"][number]): Revision {
  const { routing_state: state, routing_state_modified_ago_s: modified, no_gc_annotation: noGc } = vector;
  return revision(vector.name, "True", {
    creationTimestamp: agoOf(vector.created_ago_s),
    ownerReferences: [controllerReference(OWNER)],
    labels: state === undefined ? {} : { [LABEL_ROUTING_STATE]: state },
    annotations: {
      ...(modified === undefined ? {} : { [ANNOTATION_ROUTING_STATE_MODIFIED]: agoOf(modified) }),
      ...(noGc === undefined ? {} : { [ANNOTATION_NO_GC]: noGc }),
    },
  });
}

describe("gc.json", () => {
  test.each(loadVectors<Vector>("gc").cases)("$id: $note", (vector) => {
    const config = {
      retainSinceCreateMs: limitOf(vector.retain_since_create_time_s, 1_000),
      retainSinceLastActiveMs: limitOf(vector.retain_since_last_active_time_s, 1_000),
      minNonActiveRevisions: vector.min_non_active_revisions,
      maxNonActiveRevisions: limitOf(vector.max_non_active_revisions),
    };
    const observed = observedOf([OWNER, ...vector.revisions.map(toRevision)]);
    const reserves = observed.reserves(OWNER.metadata.uid);
    const candidates = reserves.filter(({ name }) => name !== vector.latest_ready_revision);
    const { garbage } = findGarbage(candidates, config, NOW_MS);
    const wanted = vector.revisions.filter((row) => row.want_deleted).map((row) => row.name);
    expect(garbage.map(({ name }) => name).sort()).toEqual(wanted.sort());
  });
});
