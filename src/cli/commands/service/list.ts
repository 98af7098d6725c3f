import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { listObjects } from "../../api/objects.ts";
import type { RevisionView, ServiceView } from "../../api/views.ts";
import { type OutputFlags, outputOption } from "../../text/machine.ts";
import { SERVICE_COLUMNS, serviceRow } from "../../text/service-text.ts";
import { urlOf } from "../../text/url.ts";
import { imageOf, messageOf, WIDE_COLUMNS } from "../../text/wide.ts";
import { printList } from "../lists.ts";
import { type ListFlags, namespaceOf, withListScope } from "../options.ts";

type Flags = ListFlags & OutputFlags;

export function serviceListCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("show services, asleep and awake")
    .argument("[name]", "only this one")
    .addOption(outputOption("json", "yaml", "name", "url", "wide"));
  return withListScope(command).action(async (name: string | undefined, flags: Flags) => {
    const client = connect(flags);
    const namespace = namespaceOf(flags);
    const selectors = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
    const [list, revisions] = await Promise.all([
      listObjects<ServiceView>(client, "Service", namespace, selectors),
      listObjects<RevisionView>(client, "Revision", namespace),
    ]);
    const viewpoint = { edgeUrl: client.edgeUrl, nowMs: Date.now() };
    printList(
      {
        kind: "Service",
        list,
        words: "services",
        columns: SERVICE_COLUMNS,
        row: (service) => serviceRow(service, revisions.items, viewpoint),
        wide: { columns: WIDE_COLUMNS, cells: (service) => [imageOf(service.spec?.template.spec), messageOf(service)] },
        url: (service) => urlOf(service, client.edgeUrl),
      },
      flags,
    );
  });
}
