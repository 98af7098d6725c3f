import { Command } from "commander";
import { RESOURCE_TYPES } from "../../../core/resource/resource-type.ts";
import { connect } from "../../api/connection.ts";
import { nounPath } from "../../api/kinds.ts";
import { getObject } from "../../api/objects.ts";
import { parseDomainReference } from "../../edit/domain-reference.ts";
import { type ScopeFlags, withScope } from "../options.ts";

type Flags = ScopeFlags & { readonly ref: string };

export const REF_OPTION = "--ref <target>";
export const REF_WORDS = "service it leads to: NAME, ksvc:NAME[:NAMESPACE] or kroute:NAME";

export function domainCreateCommand(): Command {
  const command = new Command("create")
    .description("give a service a domain")
    .argument("<name>", "the domain, such as hello.example.com")
    .requiredOption(REF_OPTION, REF_WORDS);
  return withScope(command).action(async (name: string, flags: Flags) => {
    const { namespace } = flags;
    const client = connect(flags);
    const ref = parseDomainReference(flags.ref, namespace);
    await getObject(client, ref.kind, ref.namespace, ref.name);
    const { apiVersion, kind } = RESOURCE_TYPES.DomainMapping;
    await client.expect(`create domain mapping ${name}`, "POST", nounPath("DomainMapping", namespace), {
      apiVersion,
      kind,
      metadata: { name, namespace },
      spec: { ref },
    });
    console.log(`Domain mapping '${name}' created in namespace '${namespace}'.`);
  });
}
