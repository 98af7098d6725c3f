import { describe, expect, it } from "vitest";
import type { Target } from "../../src/cli/edit/editable-service.ts";
import type { TrafficFlags } from "../../src/cli/edit/service-flags.ts";
import { editTraffic, namedRevisions } from "../../src/cli/edit/traffic.ts";

const LATEST: Target = { latestRevision: true, percent: 100 };
const rev = (revisionName: string, percent: number, tag?: string): Target => ({
  revisionName,
  latestRevision: false,
  percent,
  ...(tag === undefined ? {} : { tag }),
});

describe("traffic from flags", () => {
  it.each<[string, readonly Target[], TrafficFlags, boolean, readonly Target[]]>([
    [
      "splits between a revision and the latest",
      [LATEST],
      { traffic: ["a=30,@latest=70"] },
      false,
      [{ ...LATEST, percent: 70 }, rev("a", 30)],
    ],
    [
      "gives the rest to the only one that was not named",
      [LATEST],
      { traffic: ["a=30"] },
      false,
      [{ ...LATEST, percent: 70 }, rev("a", 30)],
    ],
    [
      "gives the rest to the only one that was not named, even if it only has a tag",
      [rev("a", 100, "old"), { latestRevision: true, percent: 0, tag: "new" }],
      { traffic: ["old=60"] },
      false,
      [rev("a", 60, "old"), { latestRevision: true, percent: 40, tag: "new" }],
    ],
    [
      "gives the rest to a revision that is being made",
      [rev("a", 100)],
      { traffic: ["a=90"] },
      true,
      [rev("a", 90), { latestRevision: true, percent: 10 }],
    ],
    [
      "means @latest without a name",
      [rev("a", 100)],
      { traffic: ["100"] },
      false,
      [{ latestRevision: true, percent: 100 }],
    ],
    [
      "lets go of what has no percent and no tag",
      [rev("a", 50), rev("b", 50)],
      { traffic: ["b=100%"] },
      false,
      [rev("b", 100)],
    ],
    [
      "keeps what has a tag",
      [rev("a", 50, "old"), rev("b", 50)],
      { traffic: ["b=100"] },
      false,
      [rev("a", 0, "old"), rev("b", 100)],
    ],
    ["tags a revision without traffic", [LATEST], { tag: ["a=old"] }, false, [LATEST, rev("a", 0, "old")]],
    ["tags the latest", [LATEST], { tag: ["@latest=now"] }, false, [{ ...LATEST, tag: "now" }]],
    [
      "gives a second tag an entry of its own",
      [rev("a", 100, "x")],
      { tag: ["a=y"] },
      false,
      [rev("a", 100, "x"), rev("a", 0, "y")],
    ],
    ["leaves a tag that is there", [rev("a", 100, "x")], { tag: ["a=x"] }, false, [rev("a", 100, "x")]],
    ["moves a tag", [rev("a", 100, "x")], { untag: ["x"], tag: ["b=x"] }, false, [rev("a", 100), rev("b", 0, "x")]],
    [
      "splits by tags, new ones too",
      [LATEST],
      { tag: ["a=old"], traffic: ["old=10,@latest=90"] },
      false,
      [{ ...LATEST, percent: 90 }, rev("a", 10, "old")],
    ],
  ])("%s", (_, targets, flags, makesRevision, wanted) => {
    expect(editTraffic(targets, flags, makesRevision)).toEqual(wanted);
  });

  it.each<[readonly Target[], TrafficFlags, string]>([
    [[LATEST], { traffic: ["a=60,b=60"] }, "given traffic percents sum to 120, want <=100"],
    [[rev("a", 50), rev("b", 50)], { traffic: ["c=10"] }, "unable to allocate the remaining traffic: 90%"],
    [[LATEST], { traffic: ["a=x"] }, "--traffic expects a whole percent from 0 to 100; given 'x'"],
    [[LATEST], { traffic: ["a=1=2"] }, "--traffic expects REVISION=VALUE; given 'a=1=2'"],
    [[LATEST], { traffic: ["a=1,a=2"] }, "repetition of a=2 is not allowed"],
    [[LATEST], { untag: ["x"] }, "tag(s) x not present for any revisions of the service"],
    [[rev("a", 100, "x")], { tag: ["b=x"] }, "tag 'x' is in use by another revision"],
  ])("%j cannot become %j", (targets, flags, message) => {
    expect(() => editTraffic(targets, flags, false)).toThrow(message);
  });

  it("names revisions, not tags and not the latest", () => {
    const flags = { traffic: ["old=10,new=20,c=30,@latest=40"], tag: ["b=new"] };
    expect(namedRevisions([rev("a", 100, "old")], flags)).toEqual(["b", "c"]);
  });
});
