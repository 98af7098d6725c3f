/**
 * A log that cannot fail: lines that the disk has no room for are lost. A stream of node:fs would end at the first failure;
 * what is piped into it would stop being read, and its writer would stand still.
 */
import { closeSync, openSync, write } from "node:fs";
import { Writable } from "node:stream";

/** Appends; only the owner may read the file. @throws when it cannot be opened */
export function openLog(path: string): Writable {
  const file = openSync(path, "a", 0o600);
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => write(file, chunk, () => done()),
    final: (done) => {
      closeSync(file);
      done();
    },
  });
}
