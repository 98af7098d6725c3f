import { Command } from "commander";
import { packageVersion } from "../package-root.ts";

export function versionCommand(): Command {
  return new Command("version").description("print the versions of rouse and Node.js").action(() => {
    console.log(`rouse ${packageVersion()}\nnode  ${process.versions.node}`);
  });
}
