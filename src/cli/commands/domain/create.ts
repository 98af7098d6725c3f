import { Command } from "commander";
import { RESOURCE_TYPES } from "../../../core/resource/resource-type.ts";
import { refusal } from "../../api/api-client.ts";
import { connect } from "../../api/connection.ts";
import { nounPath } from "../../api/kinds.ts";
import { getObject } from "../../api/objects.ts";
import { CliError } from "../../cli-error.ts";
import { parseDomainReference } from "../../edit/domain-reference.ts";
import { type ScopeFlags, withScope } from "../options.ts";

const CONFLICT = 409;

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
    const mapping = { apiVersion, kind, metadata: { name, namespace }, spec: { ref } };
    const response = await client.request("POST", nounPath("DomainMapping", namespace), mapping);
    if (response.status === CONFLICT) {
      throw new CliError(
        `cannot create domain mapping '${name}' in namespace '${namespace}' because it already exists`,
        `Let it lead elsewhere with: rouse domain update ${name} --ref ${flags.ref}`,
      );
    }
    if (response.status >= 300) throw refusal(`create domain mapping ${name}`, response);
    console.log(`Domain mapping '${name}' created in namespace '${namespace}'.`);
  });
}
