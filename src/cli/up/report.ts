/** What `rouse up` prints: one line per part as it comes up, so that a person can watch and a program can wait for `Ready`. */

export type Style = {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
};

/** Colours only for a terminal whose user did not object (https://no-color.org). */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const isColoured = stream.isTTY === true && (env.NO_COLOR ?? "") === "";
  const code = (open: number, close: number) => (text: string) =>
    isColoured ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39) };
}

const LABEL_WIDTH = 9;

/** `  edge     http://127.0.0.1:8080  workerd, 240 ms` */
export function line(style: Style, label: string, value: string, note = ""): string {
  return `  ${style.dim(label.padEnd(LABEL_WIDTH))}${value}${note === "" ? "" : `  ${style.dim(note)}`}`;
}

/** 87 ms, 1.2 s, 75 s */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** Where a browser on this machine finds a service: its URL, which has no port, with the edge's port. As it is when it is none. */
export function localUrl(serviceUrl: string, edgePort: number): string {
  if (!URL.canParse(serviceUrl)) return serviceUrl;
  const url = new URL(serviceUrl);
  url.port = String(edgePort);
  return url.toString();
}
