import { Command } from "commander";
import { LABEL_SERVICE } from "../../../core/resource/annotations.ts";
import { connect } from "../../api/connection.ts";
import { getObject, listObjects } from "../../api/objects.ts";
import type { RevisionView, ServiceView } from "../../api/views.ts";
import { type OutputFlags, outputOption } from "../../text/machine.ts";
import { REVISION_COLUMNS, revisionRow } from "../../text/revision-text.ts";
import { imageOf, messageOf, WIDE_COLUMNS } from "../../text/wide.ts";
import { printList } from "../lists.ts";
import { type ListFlags, namespaceOf, withListScope } from "../options.ts";

type Flags = ListFlags & OutputFlags & { readonly service?: string };

export function revisionListCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("show revisions with their traffic and tags")
    .argument("[name]", "only this one")
    .option("-s, --service <name>", "only those of this service")
    .addOption(outputOption("json", "yaml", "name", "wide"));
  return withListScope(command).action(async (name: string | undefined, flags: Flags) => {
    const client = connect(flags);
    const namespace = namespaceOf(flags);
    if (flags.service !== undefined && namespace !== null) {
      await getObject<ServiceView>(client, "Service", namespace, flags.service);
    }
    const [list, services] = await Promise.all([
      listObjects<RevisionView>(client, "Revision", namespace, {
        ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
        ...(flags.service === undefined ? {} : { labelSelector: `${LABEL_SERVICE}=${flags.service}` }),
      }),
      listObjects<ServiceView>(client, "Service", namespace),
    ]);
    const ownerOf = ({ metadata }: RevisionView) =>
      services.items.find(
        (service) =>
          service.metadata.name === metadata.labels?.[LABEL_SERVICE] &&
          service.metadata.namespace === metadata.namespace,
      );
    const row = (revision: RevisionView) => revisionRow(revision, ownerOf(revision), Date.now());
    const wide = {
      columns: WIDE_COLUMNS,
      cells: (revision: RevisionView) => [imageOf(revision.spec), messageOf(revision)],
    };
    printList({ kind: "Revision", list, words: "revisions", columns: REVISION_COLUMNS, row, wide }, flags);
  });
}
