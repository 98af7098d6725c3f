import { Command } from "commander";
import { applyManifest } from "../../api/apply.ts";
import { connect } from "../../api/connection.ts";
import { findObject } from "../../api/objects.ts";
import type { ServiceView } from "../../api/views.ts";
import type { TrafficFlags } from "../../edit/service-flags.ts";
import { changesTraffic, editTraffic } from "../../edit/traffic.ts";
import { paintWord } from "../../text/colour.ts";
import { type OutputFlags, outputOption } from "../../text/machine.ts";
import { type ScopeFlags, withScope } from "../options.ts";
import { type DraftFlags, draftService } from "./draft.ts";
import { MANIFEST_OPTION, withServiceOptions, withTrafficOptions } from "./service-options.ts";
import { settle, tellUnchanged } from "./settle.ts";
import { type WaitFlags, withWait } from "./wait-options.ts";

type Flags = ScopeFlags & DraftFlags & TrafficFlags & WaitFlags & OutputFlags;

export function serviceApplyCommand(): Command {
  const command = new Command("apply")
    .description("make a service be as the options or a file say, and wait until it is ready")
    .argument("[name]", "name of the service; not needed with a file")
    .option(MANIFEST_OPTION, "take the service from a file, then apply the other options; - reads stdin")
    .addOption(outputOption("json", "yaml", "name", "url"));
  return withScope(withWait(withTrafficOptions(withServiceOptions(command)), "ready", true)).action(
    async (given: string | undefined, flags: Flags) => {
      const draft = draftService("service apply", given, flags);
      const { name, namespace } = draft.metadata;
      const traffic = changesTraffic(flags) ? editTraffic(draft.spec.traffic ?? [], flags, false) : null;
      const wanted = traffic === null ? draft : { ...draft, spec: { ...draft.spec, traffic } };
      const client = connect(flags);
      const before = await findObject<ServiceView>(client, "Service", namespace, name);
      const applied = await applyManifest(client, wanted, (text) => console.error(`${paintWord("warning")}: ${text}`));
      if (applied === "unchanged") return tellUnchanged(client, { namespace, name }, flags);
      const words =
        applied === "created"
          ? { doing: "Creating service", done: "created" }
          : { doing: "Applying service", done: "applied" };
      const revisionBefore = before?.status?.latestReadyRevisionName ?? "";
      await settle(client, { namespace, name, revisionBefore, ...words }, flags);
    },
  );
}
