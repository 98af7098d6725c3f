/** Kubernetes' quantities: `250m`, `1.5`, `64Mi`, `1e3`. */

const QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

/** What is wrong with a quantity, in Kubernetes' words; null when right. */
export function quantityProblem(value: string | number): string | null {
  if (typeof value === "number" || QUANTITY.test(value)) return null;
  return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

/** @param value a quantity without problem */
export function isNegativeQuantity(value: string | number): boolean {
  return typeof value === "number" ? value < 0 : value.startsWith("-") && /[1-9]/.test(value);
}
