import { Command } from "commander";
import { LABEL_SERVICE } from "../../../core/resource/annotations.ts";
import { connect } from "../../api/connection.ts";
import { getObject, listObjects } from "../../api/objects.ts";
import { listPods } from "../../api/pod-view.ts";
import type { RevisionView, ServiceView } from "../../api/views.ts";
import { paintStatus } from "../../text/colour.ts";
import { isMachine, machineText, type OutputFlags, outputOption } from "../../text/machine.ts";
import { describeService } from "../../text/service-text.ts";
import { urlOf } from "../../text/url.ts";
import { type ScopeFlags, withScope } from "../options.ts";

type Flags = ScopeFlags & OutputFlags & { readonly verbose?: boolean };

export function serviceDescribeCommand(): Command {
  const command = new Command("describe")
    .description("show one service, its revisions and pods, and where their logs are")
    .argument("<name>", "name of the service")
    .option("-v, --verbose", "show the revisions without traffic too")
    .addOption(outputOption("json", "yaml", "name", "url"));
  return withScope(command).action(async (name: string, flags: Flags) => {
    const client = connect(flags);
    const { edgeUrl } = client;
    const service = await getObject<ServiceView>(client, "Service", flags.namespace, name);
    if (isMachine(flags.output)) {
      return console.log(machineText(flags.output, "Service", service, () => urlOf(service, edgeUrl)));
    }
    const selectors = { labelSelector: `${LABEL_SERVICE}=${name}` };
    const { items } = await listObjects<RevisionView>(client, "Revision", flags.namespace, selectors);
    const pods = await listPods(client, items, flags.state);
    const isVerbose = flags.verbose === true;
    const viewpoint = { edgeUrl, nowMs: Date.now(), isVerbose, paint: paintStatus };
    console.log(describeService(service, items, pods, viewpoint));
  });
}
