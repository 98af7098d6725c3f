/** The Service that `create` and `apply` write: from a file or from nothing, then as the flags say. */
import { dns1035LabelProblem } from "../../../core/name.ts";
import { readManifests } from "../../api/manifest.ts";
import { CliError, usage } from "../../cli-error.ts";
import { defaultImage, editService, emptyService } from "../../edit/edit-service.ts";
import type { EditableService } from "../../edit/editable-service.ts";
import type { ServiceFlags } from "../../edit/service-flags.ts";

export type DraftFlags = ServiceFlags & { readonly namespace: string; readonly filename?: string };

/**
 * @param verb names the command in errors
 * @param name may be missing where a file has it
 */
export function draftService(verb: string, name: string | undefined, flags: DraftFlags): EditableService {
  if (flags.filename !== undefined) return editService(serviceInFile(flags.filename, name, flags), flags, Math.random);
  if (name === undefined) throw usage(`'${verb}' requires the service name given as single argument`);
  const problem = dns1035LabelProblem(name);
  if (problem !== null) throw usage(`'${name}' cannot be the name of a service: ${problem}`);
  const image = flags.image ?? (flags.driver === "process" ? defaultImage(name) : undefined);
  if (image === undefined) {
    throw usage(
      `'${verb}' requires the image name to run provided with the --image option`,
      `For a program on the agent's machine: rouse ${verb} ${name} --driver process --cmd node --arg server.js`,
    );
  }
  return editService(emptyService(name, flags.namespace), { ...flags, image }, Math.random);
}

function serviceInFile(path: string, name: string | undefined, { namespace }: DraftFlags): EditableService {
  const services = readManifests(path, namespace).filter(({ kind }) => kind === "Service");
  const [service, ...others] = services;
  if (service === undefined) throw new CliError(`there is no service in ${path}`);
  if (others.length > 0) throw new CliError(`there is more than one service in ${path}`, "Use: rouse apply -f PATH");
  if (name !== undefined && service.metadata.name !== name) {
    throw usage(`provided service name '${name}' doesn't match name from file '${service.metadata.name}'`);
  }
  const spec = service.spec as EditableService["spec"] | undefined;
  if (spec?.template?.spec?.containers === undefined) {
    throw new CliError(`service '${service.metadata.name}' in ${path} has no spec.template.spec.containers`);
  }
  return { ...service, spec };
}
