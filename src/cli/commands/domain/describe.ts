import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { getObject } from "../../api/objects.ts";
import type { DomainView } from "../../api/views.ts";
import { paintStatus } from "../../text/colour.ts";
import { describeDomain } from "../../text/domain-text.ts";
import { isMachine, machineText, type OutputFlags, outputOption } from "../../text/machine.ts";
import { urlOf } from "../../text/url.ts";
import { type ScopeFlags, withScope } from "../options.ts";

export function domainDescribeCommand(): Command {
  const command = new Command("describe")
    .description("show one domain")
    .argument("<name>", "the domain")
    .addOption(outputOption("json", "yaml", "name", "url"));
  return withScope(command).action(async (name: string, flags: ScopeFlags & OutputFlags) => {
    const client = connect(flags);
    const { edgeUrl } = client;
    const domain = await getObject<DomainView>(client, "DomainMapping", flags.namespace, name);
    if (isMachine(flags.output)) {
      return console.log(machineText(flags.output, "DomainMapping", domain, () => urlOf(domain, edgeUrl)));
    }
    console.log(describeDomain(domain, { edgeUrl, nowMs: Date.now() }, paintStatus));
  });
}
