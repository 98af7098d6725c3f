import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { getObject } from "../../api/objects.ts";
import { listPods } from "../../api/pod-view.ts";
import type { RevisionView } from "../../api/views.ts";
import { paintStatus } from "../../text/colour.ts";
import { isMachine, machineText, type OutputFlags, outputOption } from "../../text/machine.ts";
import { describeRevision } from "../../text/revision-text.ts";
import { type ScopeFlags, withScope } from "../options.ts";

type Flags = ScopeFlags & OutputFlags;

export function revisionDescribeCommand(): Command {
  const command = new Command("describe")
    .description("show one revision, what it runs, its pods and where their logs are")
    .argument("<name>", "name of the revision")
    .addOption(outputOption("json", "yaml", "name"));
  return withScope(command).action(async (name: string, flags: Flags) => {
    const client = connect(flags);
    const revision = await getObject<RevisionView>(client, "Revision", flags.namespace, name);
    if (isMachine(flags.output)) return console.log(machineText(flags.output, "Revision", revision, () => ""));
    const pods = await listPods(client, [revision], flags.state);
    console.log(describeRevision(revision, pods, Date.now(), paintStatus));
  });
}
