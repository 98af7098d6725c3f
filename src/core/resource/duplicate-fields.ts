/** Members that a JSON text names twice: parsers keep the last one and say nothing, which fieldValidation must not. */

/** A refusal names no more of them. */
const MAX_FOUND = 100;

/**
 * Paths of members that occur more than once in their object, such as `spec.template` or `items[2].name`, each once, and
 * the first MAX_FOUND alone: each may be as long as the text.
 * @param text valid JSON: what JSON.parse has taken
 */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  const frames: Frame[] = [];
  for (let i = 0; i < text.length; i++) {
    const top = frames.at(-1);
    switch (text[i]) {
      case "{":
        frames.push({ path: pathOf(top), names: new Set(), name: "", isName: true });
        break;
      case "[":
        frames.push({ path: pathOf(top), names: null, index: 0 });
        break;
      case "}":
      case "]":
        frames.pop();
        break;
      case ",":
        if (top?.names === null) top.index++;
        else if (top !== undefined) top.isName = true;
        break;
      case '"': {
        const end = endOfString(text, i);
        if (top?.names && top.isName) {
          top.name = JSON.parse(text.slice(i, end)) as string;
          top.isName = false;
          if (top.names.has(top.name) && found.size < MAX_FOUND) found.add(pathOf(top));
          top.names.add(top.name);
        }
        i = end - 1;
      }
    }
  }
  return [...found];
}

/** An object or list that is open: where it is, and which member or item of it is being read. */
type Frame =
  | { readonly path: string; readonly names: Set<string>; name: string; isName: boolean }
  | { readonly path: string; readonly names: null; index: number };

function pathOf(frame: Frame | undefined): string {
  if (frame === undefined) return "";
  if (frame.names === null) return `${frame.path}[${frame.index}]`;
  return frame.path === "" ? frame.name : `${frame.path}.${frame.name}`;
}

/** @param start of the opening quote. @returns the place behind the closing one */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}
