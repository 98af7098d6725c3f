/** Values of command-line options, checked where they come in. */
import { InvalidArgumentError } from "commander";
import { isDomainSuffix } from "../../core/routing/domain.ts";

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

export function percent(text: string): number {
  const value = count(text);
  if (value < 1 || value > 100) throw new InvalidArgumentError("A percentage from 1 to 100 is expected.");
  return value;
}

export function domainSuffix(text: string): string {
  if (isDomainSuffix(text)) return text;
  throw new InvalidArgumentError(
    'A suffix of host names is expected: lower-case letters, digits, "-" and ".", such as localhost or apps.example.com.',
  );
}
