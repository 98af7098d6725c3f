/**
 * The records of one pod on disk:
 *
 *     <state>/pods/<pod id>/pod.json   what it is and which process it is; written before the process knows of it
 *                           start      what its shim does, see shim.ts
 *                           exit       the exit code, once it ended
 *                           log log.1  its output, newest in `log`
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StartOrder } from "../driver.ts";
import type { ProcessIdentity } from "./process-identity.ts";

const LOG_TAIL_BYTES = 16 * 1024;

export type PodRecord = StartOrder & {
  readonly version: 1;
  readonly port: number;
  readonly process: ProcessIdentity;
  readonly isStopRequested: boolean;
};

export class PodFolder {
  readonly path: string;

  constructor(podsFolder: string, podId: string) {
    this.path = join(podsFolder, podId);
  }

  /** The folders of all pods. */
  static list(podsFolder: string): PodFolder[] {
    return readdirSync(podsFolder).map((name) => new PodFolder(podsFolder, name));
  }

  get logPath(): string {
    return join(this.path, "log");
  }

  /** With an empty log: what cannot be written is found before the process, which has nobody to tell. */
  create(): void {
    mkdirSync(this.path, { recursive: true });
    closeSync(openSync(this.logPath, "a"));
  }

  /** Readable by the owner only: both files have the pod's environment. */
  write(record: PodRecord, startScript: string): void {
    writeFileSync(join(this.path, "start"), startScript, { mode: 0o600 });
    this.update(record);
  }

  /** Atomic: a crash leaves the record that was there before. */
  update(record: PodRecord): void {
    const path = join(this.path, "pod.json");
    writeFileSync(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }

  /** @returns null when there is none, or it is not one of this version */
  read(): PodRecord | null {
    try {
      const record = JSON.parse(readFileSync(join(this.path, "pod.json"), "utf8")) as Partial<PodRecord>;
      return record.version === 1 ? (record as PodRecord) : null;
    } catch {
      return null;
    }
  }

  /** @returns null while the shim has not written it */
  exitCode(): number | null {
    let text: string;
    try {
      text = readFileSync(join(this.path, "exit"), "latin1");
    } catch {
      return null;
    }
    return text.endsWith("\n") ? Number.parseInt(text, 10) : null;
  }

  logTail(lineCount: number): string {
    let file: number;
    try {
      file = openSync(this.logPath, "r");
    } catch {
      return "";
    }
    try {
      const sizeBytes = fstatSync(file).size;
      const bytes = Buffer.alloc(Math.min(sizeBytes, LOG_TAIL_BYTES));
      const readBytes = readSync(file, bytes, 0, bytes.length, sizeBytes - bytes.length);
      return bytes.toString("utf8", 0, readBytes).trimEnd().split("\n").slice(-lineCount).join("\n");
    } finally {
      closeSync(file);
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
