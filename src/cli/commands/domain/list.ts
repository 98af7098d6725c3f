import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { listObjects } from "../../api/objects.ts";
import type { DomainView } from "../../api/views.ts";
import { DOMAIN_COLUMNS, domainRow } from "../../text/domain-text.ts";
import { type OutputFlags, outputOption } from "../../text/machine.ts";
import { urlOf } from "../../text/url.ts";
import { messageOf } from "../../text/wide.ts";
import { printList } from "../lists.ts";
import { type ListFlags, namespaceOf, withListScope } from "../options.ts";

export function domainListCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("show domains and where they lead")
    .argument("[name]", "only this one")
    .addOption(outputOption("json", "yaml", "name", "url", "wide"));
  return withListScope(command).action(async (name: string | undefined, flags: ListFlags & OutputFlags) => {
    const client = connect(flags);
    const selectors = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
    const list = await listObjects<DomainView>(client, "DomainMapping", namespaceOf(flags), selectors);
    const viewpoint = { edgeUrl: client.edgeUrl, nowMs: Date.now() };
    const row = (domain: DomainView) => domainRow(domain, viewpoint);
    const url = (domain: DomainView) => urlOf(domain, client.edgeUrl);
    const wide = { columns: ["MESSAGE"], cells: (domain: DomainView) => [messageOf(domain)] };
    printList(
      { kind: "DomainMapping", list, words: "domain mappings", columns: DOMAIN_COLUMNS, row, wide, url },
      flags,
    );
  });
}
