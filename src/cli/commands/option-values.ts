/** Values of command-line options, checked where they come in. */
import { InvalidArgumentError } from "commander";

const MAX_PORT = 65_535;

export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT)
    throw new InvalidArgumentError(`A port is a number from 0 to ${MAX_PORT}.`);
  return port;
}

export function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("A whole number from 0 on is expected.");
  return Number(text);
}
