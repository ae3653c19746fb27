// `console`, on the process's own streams; and random numbers, which the snapshot would else repeat.

import random from "wasi:random/random@0.2.12";
import stderr from "wasi:cli/stderr@0.2.12";
import stdout from "wasi:cli/stdout@0.2.12";
import { utf8 } from "./text.js";

// What one write takes.
const CHUNK = 4096;

function shown(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value}\n${value.stack ?? ""}`.trimEnd();
  return JSON.stringify(value) ?? String(value);
}

function writer(open) {
  return (...values) => {
    const line = utf8(values.map(shown).join(" ") + "\n");
    const stream = open();
    try {
      for (let at = 0; at < line.length; at += CHUNK) stream.blockingWriteAndFlush(line.subarray(at, at + CHUNK));
    } catch {
      // Nobody reads it: that undoes no work.
    }
  };
}

const out = writer(stdout.getStdout);
const err = writer(stderr.getStderr);
globalThis.console = { log: out, info: out, debug: out, warn: err, error: err, trace: err };

// All processes begin as one image: without this, they would draw the same numbers.
Math.random = () => {
  const [a, b, c, d, e, f, g] = random.getRandomBytes(7);
  return ((a & 31) * 2 ** 48 + b * 2 ** 40 + c * 2 ** 32 + d * 2 ** 24 + e * 2 ** 16 + f * 2 ** 8 + g) / 2 ** 53;
};
