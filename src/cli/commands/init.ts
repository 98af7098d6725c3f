import { Command } from "commander";
import { hashToken, newSecrets } from "../secrets.ts";

/** Makes what a deployment needs once. Nothing is stored: Cloudflare keeps the first two, the user the third. */
export function initCommand(): Command {
  return new Command("init").description("make the secrets of a deployment and print how to set them").action(() => {
    const { rootKey, adminToken } = newSecrets();
    console.log(
      [
        "Set these two secrets (once; the root key cannot be read back, and a new one cuts off every agent):",
        "",
        `  printf %s '${rootKey}' | npx wrangler secret put ROUSE_ROOT_KEY -c wrangler.toml`,
        `  printf %s '${hashToken(adminToken)}' | npx wrangler secret put ROUSE_ADMIN_TOKEN_HASH -c wrangler.toml`,
        "",
        "Keep the admin token; only its hash is stored:",
        "",
        `  export ROUSE_ADMIN_TOKEN='${adminToken}'`,
        "",
        "Then let a machine join:",
        "",
        "  npx rouse token create --edge https://<CONTROL_HOST>",
      ].join("\n"),
    );
  });
}
