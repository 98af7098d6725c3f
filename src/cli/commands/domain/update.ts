import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { getObject, updateObject } from "../../api/objects.ts";
import { parseDomainReference } from "../../edit/domain-reference.ts";
import { type ScopeFlags, withScope } from "../options.ts";
import { REF_OPTION, REF_WORDS } from "./create.ts";

type Flags = ScopeFlags & { readonly ref: string };

export function domainUpdateCommand(): Command {
  const command = new Command("update")
    .description("let a domain lead to another service")
    .argument("<name>", "the domain")
    .requiredOption(REF_OPTION, REF_WORDS);
  return withScope(command).action(async (name: string, flags: Flags) => {
    const { namespace } = flags;
    const client = connect(flags);
    const ref = parseDomainReference(flags.ref, namespace);
    await getObject(client, ref.kind, ref.namespace, ref.name);
    await updateObject<{ readonly spec?: object }>(client, "DomainMapping", namespace, name, (stored) => ({
      ...stored,
      spec: { ...stored.spec, ref },
    }));
    console.log(`Domain mapping '${name}' updated in namespace '${namespace}'.`);
  });
}
