// Durable keys and values, by grant.
//
//     const notes = storage.open("notes");
//     notes.write("today", "rain");
//     notes.read("today").text();

import { calls } from "./errors.js";
import { storage as sys } from "./sys.js";
import { bytes, text } from "./text.js";

// An open bucket. It is private to its plugin unless its name begins with `shared/`.
export class Bucket {
  #bucket;

  constructor(name, access) {
    this.#bucket = calls(() => sys.Bucket.open(name, access));
  }

  // The value of a key and the version that wrote it; null if absent.
  read(key) {
    const found = calls(() => this.#bucket.get(key));
    return found && { value: found.value, version: found.version, text: () => text(found.value) };
  }

  // Writes a key; its new version. When it returns, a power cut would not undo it.
  write(key, value) {
    return calls(() => this.#bucket.put(key, bytes(value)));
  }

  // As `write`, if the key is still at this version, or absent where that is null; else `Conflict`.
  writeIf(key, value, version) {
    return this.commit([{ key, value, expected: version }]);
  }

  // Deletes a key; whether it was there.
  delete(key) {
    return calls(() => this.#bucket.delete(key));
  }

  // All keys that begin so, in the order of their bytes.
  *keys(prefix = "") {
    let cursor = null;
    do {
      const page = calls(() => this.#bucket.list(prefix, cursor, 1000));
      yield* page.keys;
      cursor = page.next;
    } while (cursor !== null);
  }

  // Makes all changes or none: `{ key, value }`, a value of null deletes; `expected`, where it is given, is the
  // version that the key is thought to be at, null for absent. The version of the batch.
  commit(changes) {
    const expects = (version) => {
      if (version === undefined) return { tag: "anything" };
      return version === null ? { tag: "absent" } : { tag: "version", val: version };
    };
    const made = changes.map(({ key, value, expected }) => ({
      key, value: value === null ? null : bytes(value), expected: expects(expected),
    }));
    return calls(() => this.#bucket.commit(made));
  }

  // The versions of a key that are kept, newest first: `version`, `written`, `size`.
  versions(key) {
    return calls(() => this.#bucket.versions(key));
  }

  // What a key held at a version; null if it was absent or is no longer kept.
  readVersion(key, version) {
    return calls(() => this.#bucket.getVersion(key, version));
  }

  // Writes again what a key held at a version; the new version.
  rollback(key, version) {
    return calls(() => this.#bucket.rollback(key, version));
  }
}

export const open = (name) => new Bucket(name, "write");
export const openReadOnly = (name) => new Bucket(name, "read");
