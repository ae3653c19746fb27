// The guest side of Holm in JavaScript: a whole skill in ten lines.
//
//     import { tool } from "holm";
//
//     tool({
//       name: "word_count",
//       description: "Counts the words of a text.",
//       input: { text: { type: "string", description: "The text to count." } },
//     }, ({ text }) => text.split(/\s+/).filter(Boolean).length);
//
// `tool` makes a function a tool, `main` makes one what `holm run` runs. The system calls are `files`, `storage`,
// `llm`, `spawn` and `log`, and `tool.call` for the tools of others. It is sugar over `wit/`: it decides nothing, and
// a refusal is always an exception, `Denied`. What has no sugar is imported by its name in WIT, like
// `import answer from "holm:sys/answer@0.1.0"`.

import "./console.js";

export { ArgumentError, Cancelled, Conflict, Denied, HolmError, NotFound, Quota } from "./errors.js";
export { main, tool } from "./tools.js";
export { text, utf8 } from "./text.js";
export * as files from "./files.js";
export * as llm from "./llm.js";
export * as log from "./log.js";
export * as spawn from "./spawn.js";
export * as storage from "./storage.js";
