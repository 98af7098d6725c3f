import { Command } from "commander";
import { LABEL_SERVICE } from "../../../core/resource/annotations.ts";
import { jsonEqual } from "../../../core/resource/json.ts";
import type { ApiClient } from "../../api/api-client.ts";
import { connect } from "../../api/connection.ts";
import { didYouMean } from "../../api/near-names.ts";
import { listObjects, updateObject } from "../../api/objects.ts";
import type { RevisionView, ServiceView } from "../../api/views.ts";
import { usage } from "../../cli-error.ts";
import { editService } from "../../edit/edit-service.ts";
import type { EditableService } from "../../edit/editable-service.ts";
import type { ServiceFlags, TrafficFlags } from "../../edit/service-flags.ts";
import { changesTraffic, editTraffic, namedRevisions } from "../../edit/traffic.ts";
import { type OutputFlags, outputOption } from "../../text/machine.ts";
import { type ScopeFlags, withScope } from "../options.ts";
import { withServiceOptions, withTrafficOptions } from "./service-options.ts";
import { settle, tellUnchanged } from "./settle.ts";
import { type WaitFlags, withWait } from "./wait-options.ts";

type Flags = ScopeFlags & ServiceFlags & TrafficFlags & WaitFlags & OutputFlags;
type Stored = EditableService & { readonly status?: ServiceView["status"] };

export function serviceUpdateCommand(): Command {
  const command = new Command("update")
    .description("change a service, its traffic and its tags, and wait until it is ready")
    .argument("<name>", "name of the service")
    .addOption(outputOption("json", "yaml", "name", "url"));
  return withScope(withWait(withTrafficOptions(withServiceOptions(command)), "ready", true)).action(
    async (name: string, flags: Flags) => {
      const { namespace } = flags;
      const client = connect(flags);
      const { before, after } = await updateObject<Stored>(client, "Service", namespace, name, (stored) =>
        changed(client, stored, flags),
      );
      if (!isChanged(before, after)) return tellUnchanged(client, { namespace, name }, flags);
      const revisionBefore = before.status?.latestReadyRevisionName ?? "";
      await settle(client, { namespace, name, doing: "Updating Service", done: "updated", revisionBefore }, flags);
    },
  );
}

async function changed(client: ApiClient, stored: Stored, flags: Flags): Promise<Stored> {
  const edited = editService(stored, flags, Math.random);
  if (!changesTraffic(flags)) return edited;
  const makesRevision = !jsonEqual(edited.spec.template, stored.spec.template);
  const targets = stored.spec.traffic ?? [];
  const traffic = editTraffic(targets, flags, makesRevision);
  await refuseUnknownRevisions(client, edited, namedRevisions(targets, flags));
  return { ...edited, spec: { ...edited.spec, traffic } };
}

/** The API takes any name and lets the Service wait for it; a slip is better told now. */
async function refuseUnknownRevisions(client: ApiClient, service: Stored, wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0) return;
  const { name, namespace } = service.metadata;
  const selectors = { labelSelector: `${LABEL_SERVICE}=${name}` };
  const { items } = await listObjects<RevisionView>(client, "Revision", namespace, selectors);
  const known = [...items.map(({ metadata }) => metadata.name), service.spec.template.metadata?.name ?? ""];
  for (const revision of wanted.filter((each) => !known.includes(each))) {
    const remedy = `${didYouMean(revision, known)} All of them: rouse revision list -s ${name}`.trim();
    throw usage(`service '${name}' has no revision and no tag '${revision}'`, remedy);
  }
}

function isChanged(before: Stored, after: Stored): boolean {
  const wish = ({ spec, metadata: { labels, annotations } }: Stored) => ({ spec, labels, annotations });
  return !jsonEqual(wish(before), wish(after));
}
