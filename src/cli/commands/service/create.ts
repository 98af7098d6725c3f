import { Command } from "commander";
import { ANNOTATION_CREATOR, ANNOTATION_LAST_MODIFIER } from "../../../core/resource/annotations.ts";
import { type ApiClient, refusal } from "../../api/api-client.ts";
import { connect } from "../../api/connection.ts";
import { nounPath } from "../../api/kinds.ts";
import { findObject } from "../../api/objects.ts";
import { CliError } from "../../cli-error.ts";
import type { EditableService } from "../../edit/editable-service.ts";
import { paintWord } from "../../text/colour.ts";
import { type OutputFlags, outputOption } from "../../text/machine.ts";
import { type ScopeFlags, withScope } from "../options.ts";
import { type DraftFlags, draftService } from "./draft.ts";
import { MANIFEST_OPTION, withServiceOptions } from "./service-options.ts";
import { settle } from "./settle.ts";
import { type WaitFlags, withWait } from "./wait-options.ts";

type Flags = ScopeFlags & DraftFlags & WaitFlags & OutputFlags & { readonly force?: boolean };

const CONFLICT = 409;
const MAX_ATTEMPTS = 4;
/** What the server put there and lets nobody change: it stays when the rest is replaced. */
const KEPT_ANNOTATIONS = [ANNOTATION_CREATOR, ANNOTATION_LAST_MODIFIER];

export function serviceCreateCommand(): Command {
  const command = new Command("create")
    .description("create a service and wait until it is ready")
    .argument("[name]", "name of the service; not needed with a file")
    .option(MANIFEST_OPTION, "take the service from a file, then apply the other options; - reads stdin")
    .option("--force", "replace a service of that name")
    .addOption(outputOption("json", "yaml", "name", "url"));
  return withScope(withWait(withServiceOptions(command), "ready", true)).action(
    async (given: string | undefined, flags: Flags) => {
      const draft = draftService("service create", given, flags);
      const { name, namespace } = draft.metadata;
      const client = connect(flags);
      const isReplaced = flags.force === true && (await replace(client, draft));
      if (!isReplaced) await create(client, draft);
      const words = isReplaced
        ? { doing: "Replacing service", done: "replaced" }
        : { doing: "Creating service", done: "created" };
      await settle(client, { namespace, name, ...words }, flags);
    },
  );
}

async function create(client: ApiClient, draft: EditableService): Promise<void> {
  const { name, namespace } = draft.metadata;
  const response = await client.request("POST", `${nounPath("Service", namespace)}?fieldValidation=Strict`, draft);
  if (response.status === CONFLICT) {
    throw new CliError(
      `cannot create service '${name}' in namespace '${namespace}' because the service already exists and no --force option was given`,
      `Change it with: rouse service update ${name}`,
    );
  }
  if (response.status >= 300) throw refusal(`create service ${name}`, response);
  for (const warning of response.warnings) console.error(`${paintWord("warning")}: ${warning}`);
}

/** @returns false when there is none to replace */
async function replace(client: ApiClient, draft: EditableService): Promise<boolean> {
  const { name, namespace } = draft.metadata;
  for (let attempt = 1; ; attempt += 1) {
    const stored = await findObject<EditableService>(client, "Service", namespace, name);
    if (stored === null) return false;
    const path = `${nounPath("Service", namespace, name)}?fieldValidation=Strict`;
    const response = await client.request("PUT", path, inPlaceOf(stored, draft));
    if (response.status < 300) return true;
    if (response.status !== CONFLICT || attempt === MAX_ATTEMPTS) throw refusal(`replace service ${name}`, response);
  }
}

function inPlaceOf(stored: EditableService, draft: EditableService): EditableService {
  const kept = Object.entries(stored.metadata.annotations ?? {}).filter(([key]) => KEPT_ANNOTATIONS.includes(key));
  const annotations = { ...draft.metadata.annotations, ...Object.fromEntries(kept) };
  const { resourceVersion } = stored.metadata;
  return { ...draft, metadata: { ...draft.metadata, annotations, resourceVersion } };
}
