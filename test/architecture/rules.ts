/** The rules, each as a function from sources to the sentences that name what breaks it. */
import { importsOf, type Sources, stripComments } from "./source-tree.ts";

/** Every edge imports core and itself; the composition root also exports the Durable Object classes. */
export function arrowViolations(sources: Sources): string[] {
  return edgesOf(sources).flatMap(([from, to]) => {
    const [source, target] = [areaOf(from), areaOf(to)];
    if (target === null) return source === "core" ? [`${from} imports ${to}: core imports core only`] : [];
    if (target === source || (target === "core" && source !== "core")) return [];
    if (from === "src/worker/index.ts" && target === "durable") return [];
    return [`${from} imports ${to}: ${source} may not import ${target}`];
  });
}

/** Import cycles, each once, as `a → b → a`. */
export function cycles(sources: Sources): string[] {
  const targets = new Map<string, string[]>();
  for (const [from, to] of edgesOf(sources)) {
    if (sources.has(to)) targets.set(from, [...(targets.get(from) ?? []), to]);
  }
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (finished.has(path)) return;
    const seenAt = trail.indexOf(path);
    if (seenAt !== -1) {
      found.push([...trail.slice(seenAt), path].join(" → "));
      return;
    }
    for (const next of targets.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}

/** Files that pass on what others export: a reader shall find the file that has the thing. */
export function barrels(sources: Sources): string[] {
  return matches(
    sources,
    { "a re-export": /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;"]*\bfrom\s*"/ },
    { strings: true },
  );
}

/** Core gets the time as nowMs and chance as a number; what it wants done it returns. A method's type may be named fetch. */
export function impurities(sources: Sources): string[] {
  return matches(sources, {
    "the clock": /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\b/,
    chance: /\bMath\.random\b|\bcrypto\b|\brandomUUID\b/,
    "a timer": /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bscheduler\b\s*\./,
    "input or output": /\bfetch\s*\((?!\w+\??:)|\bconsole\b\s*\.|\bprocess\s*\.|\bnew WebSocket\b|\brequire\s*\(/,
    "a promise": /\basync\b|\bawait\b|\bnew Promise\b/,
    "module state": /^(?:export\s+)?let\b/m,
  });
}

/** Ways around the type checker. The linter finds every `any`; this finds the common forms where it was told to look away. */
export function typeEscapes(sources: Sources): string[] {
  const inCode = matches(sources, { "the type any": /\bas any\b|<any\b|,\s*any>|\bany\[\]|:\s*any\s*[=;)]/ });
  const inComments = [...sources].flatMap(([path, text]) => {
    const marker = /@ts-(?:ignore|nocheck|expect-error)/.exec(text)?.[0];
    return marker === undefined ? [] : [`${path} uses ${marker}`];
  });
  return [...inCode, ...inComments];
}

/** @param excused path → why it may be longer; an excuse that is no longer needed counts as a violation */
export function longFiles(sources: Sources, excused: Readonly<Record<string, string>>, limit = 300): string[] {
  const lengthOf = (path: string) => (sources.get(path) ?? "").trimEnd().split("\n").length;
  const tooLong = [...sources.keys()].filter((path) => lengthOf(path) > limit && !Object.hasOwn(excused, path));
  const needless = Object.keys(excused).filter((path) => lengthOf(path) <= limit);
  return [
    ...tooLong.map((path) => `${path} has ${lengthOf(path)} lines, more than ${limit}`),
    ...needless.map((path) => `${path} needs no excuse any more`),
  ];
}

function edgesOf(sources: Sources): [from: string, to: string][] {
  return [...sources].flatMap(([from, text]) => importsOf(from, text).map((to): [string, string] => [from, to]));
}

/** `src/core/…` → core; null for packages. */
function areaOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function matches(
  sources: Sources,
  patterns: Readonly<Record<string, RegExp>>,
  { strings } = { strings: false },
): string[] {
  return [...sources].flatMap(([path, text]) => {
    const code = stripComments(text, { strings });
    return Object.entries(patterns).flatMap(([what, pattern]) => {
      const match = pattern.exec(code);
      if (match === null) return [];
      const line = code.slice(0, match.index).split("\n").length;
      return [`${path}:${line} uses ${what}: ${match[0].trim()}`];
    });
  });
}
