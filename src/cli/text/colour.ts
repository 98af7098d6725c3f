/**
 * Colours for a terminal, for the few words that say how something is. Node's styleText leaves text alone when the stream
 * is no terminal, and where NO_COLOR says so.
 */
import { styleText } from "node:util";
import type { Paint } from "./table.ts";

const COLOURS: Readonly<Record<string, "green" | "red" | "yellow" | "gray">> = {
  "++": "green",
  "!!": "red",
  "??": "yellow",
  Awake: "green",
  Asleep: "gray",
  Starting: "yellow",
  Failed: "red",
  Connected: "green",
  Disconnected: "yellow",
  Lost: "red",
  False: "red",
  Unknown: "yellow",
};

/** For what is printed on stdout. */
export const paintStatus: Paint = (cell) => {
  const colour = Object.hasOwn(COLOURS, cell) ? COLOURS[cell] : undefined;
  return colour === undefined ? cell : styleText(colour, cell, { stream: process.stdout });
};

/** The word that begins a message on stderr. */
export function paintWord(word: "error" | "warning"): string {
  return styleText(word === "error" ? "red" : "yellow", word, { stream: process.stderr });
}
