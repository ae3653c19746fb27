// Files, by grant: a path is the host's own, absolute or from where the skill is run.

import preopens from "wasi:filesystem/preopens@0.2.12";
import { Denied, HolmError, NotFound } from "./errors.js";
import { lastDenial } from "./log.js";
import { bytes, text } from "./text.js";

// Bytes of one read.
const PIECE = 1 << 20;

function asked(path, operation) {
  try {
    return operation();
  } catch (error) {
    // WASI's own errors carry only a code, which is their message here.
    const denial = error.message === "access" ? lastDenial() : null;
    if (denial?.capability === "fs") throw new Denied(denial);
    if (error.message === "no-entry") throw new NotFound(`${path}: there is no such file`);
    throw new HolmError(`${path}: ${error.message}`);
  }
}

function open(path, how, access) {
  const [[root]] = preopens.getDirectories();
  return root.openAt({ symlinkFollow: true }, String(path).replace(/^\/+/, "") || ".", how, access);
}

// A whole file, as bytes.
export function readBytes(path) {
  return asked(path, () => {
    const file = open(path, {}, { read: true });
    const pieces = [];
    let length = 0;
    for (;;) {
      const [piece, end] = file.read(PIECE, length);
      pieces.push(piece);
      length += piece.length;
      if (end || piece.length === 0) break;
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  });
}

// A whole file of UTF-8.
export function read(path) {
  const found = readBytes(path);
  try {
    return text(found);
  } catch {
    throw new HolmError(`${path}: it is no text in UTF-8`);
  }
}

// Writes a whole file: a text, or bytes.
export function write(path, contents) {
  asked(path, () => {
    const file = open(path, { create: true, truncate: true }, { write: true });
    const whole = bytes(contents);
    let at = 0;
    while (at < whole.length) at += Number(file.write(whole.subarray(at, at + PIECE), at));
  });
}

// What lies in a folder: `name`, `type` (`regular-file`, `directory`, …), by name.
export function list(path) {
  return asked(path, () => {
    const entries = open(path, { directory: true }, { read: true }).readDirectory();
    const found = [];
    for (let entry = entries.readDirectoryEntry(); entry; entry = entries.readDirectoryEntry()) found.push(entry);
    return found.sort((one, other) => (one.name < other.name ? -1 : 1));
  });
}
