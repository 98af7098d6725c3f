/**
 * How the origin agent's program is called. It is another part of Rouse, which the command line starts and never imports: the
 * arguments of src/origin-agent/main.ts are the whole contract.
 */
import { join } from "node:path";
import { PACKAGE_ROOT } from "./package-root.ts";

export type AgentSettings = {
  readonly edge: string;
  readonly agentUid: string;
  readonly name: string;
  readonly stateDir: string;
  readonly host: string;
  readonly dataPort: number;
  readonly metricsPort: number;
  readonly dataUrl?: string;
  /** Comma-separated, the default first. */
  readonly drivers: string;
  readonly workDir: string;
};

/** The program and its arguments. The credential is no argument, since those can be seen: it is in CREDENTIAL_VARIABLE. */
export function agentCommandLine(settings: AgentSettings): string[] {
  return [
    join(PACKAGE_ROOT, "src/origin-agent/main.ts"),
    ...["--edge", settings.edge],
    ...["--state", settings.stateDir],
    ...["--agent-uid", settings.agentUid],
    ...["--name", settings.name],
    ...["--host", settings.host],
    ...["--data-port", String(settings.dataPort)],
    ...["--metrics-port", String(settings.metricsPort)],
    ...["--drivers", settings.drivers],
    ...["--workdir", settings.workDir],
    ...(settings.dataUrl === undefined ? [] : ["--data-url", settings.dataUrl]),
  ];
}

export const CREDENTIAL_VARIABLE = "ROUSE_AGENT_CREDENTIAL";
