import { InvalidArgumentError } from "commander";
import { isLoopback } from "../loopback.ts";

/** The URL of an edge, from the command line or the environment. A host without `http://` is a slip that is easily made. */
export function edgeUrl(text: string): string {
  if (/^https?:\/\/[^/]/i.test(text) && URL.canParse(text)) return text;
  const host = text.includes("://") || !URL.canParse(`http://${text}`) ? null : new URL(`http://${text}`).hostname;
  throw new InvalidArgumentError(
    host === null
      ? "A URL is expected, such as http://127.0.0.1:8080."
      : `It needs http:// or https:// in front: ${isLoopback(host) ? "http" : "https"}://${text}`,
  );
}
