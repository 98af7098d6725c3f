/** The name of the next revision from a template: `{{.Service}}-{{.Random 5}}-{{.Generation}}`. */
import { usage } from "../cli-error.ts";

const CONSONANTS = "bcdfghjklmnpqrstvwxyz";

/**
 * @param generation of the Service after this change
 * @param random gives a number in [0, 1) at each call
 * @returns the name, which always starts with the service's and a dash; "" lets the server choose one
 */
export function revisionName(template: string, service: string, generation: number, random: () => number): string {
  const name = template.replaceAll(/\{\{\s*\.(\w+)\s*(\d*)\s*\}\}/g, (placeholder, field: string, count: string) => {
    if (field === "Service") return service;
    if (field === "Generation") return String(generation);
    if (field === "Random") return consonants(Number(count || "1"), random);
    throw usage(
      `--revision-name has the unknown placeholder '${placeholder}'`,
      "It knows {{.Service}}, {{.Generation}} and {{.Random 5}}.",
    );
  });
  return name === "" || name.startsWith(`${service}-`) ? name : `${service}-${name}`;
}

function consonants(count: number, random: () => number): string {
  return Array.from({ length: count }, () => CONSONANTS[Math.floor(random() * CONSONANTS.length)] ?? "b").join("");
}
