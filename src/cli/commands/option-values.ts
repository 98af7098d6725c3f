/** Values of command-line options, checked where they come in. */
import { InvalidArgumentError } from "commander";

const MAX_PORT = 65_535;

export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT)
    throw new InvalidArgumentError(`A port is a number from 0 to ${MAX_PORT}.`);
  return port;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError("A whole number from 1 on is expected.");
  return value;
}
