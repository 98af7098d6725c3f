import { spawn } from "node:child_process";

/** Shows a page in the user's browser where there is one. Never fails: the URL is printed as well. */
export function openPage(url: string): void {
  const opener = openerFor(process.platform, process.env);
  if (opener === null) return;
  const child = spawn(opener, [url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

export function openerFor(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | null {
  if (env.CI !== undefined) return null;
  if (platform === "darwin") return "open";
  const hasDesktop = env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined;
  return platform === "linux" && hasDesktop ? "xdg-open" : null;
}
