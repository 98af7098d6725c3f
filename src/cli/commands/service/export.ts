import { Command } from "commander";
import { connect } from "../../api/connection.ts";
import { getObject } from "../../api/objects.ts";
import type { EditableService } from "../../edit/editable-service.ts";
import { exportService } from "../../edit/export-service.ts";
import { documentText, outputOption } from "../../text/machine.ts";
import { type ScopeFlags, withScope } from "../options.ts";

type Flags = ScopeFlags & { readonly output: "json" | "yaml" };

export function serviceExportCommand(): Command {
  const command = new Command("export")
    .description("print a service as a manifest that makes it again")
    .argument("<name>", "name of the service")
    .addOption(outputOption("yaml", "json").default("yaml"));
  return withScope(command).action(async (name: string, flags: Flags) => {
    const service = await getObject<EditableService>(connect(flags), "Service", flags.namespace, name);
    console.log(documentText(flags.output, exportService(service)));
  });
}
