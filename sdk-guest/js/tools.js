// Functions as tools, and the tools of others.

import { calls } from "./errors.js";
import { record } from "./schema.js";
import { tool as sys } from "./sys.js";

// The program's own, by name; and what `holm run` runs.
export const registered = new Map();
export const entry = [];

// Tools per call, the most that `list` gives.
const PAGE = 1000;

// Makes a function a tool. It takes its arguments as one object, and gives what JSON has.
//
// `input` says of each argument its JSON Schema; `optional: true` may be left out. `output`, where it is given, is
// the schema of the result.
export function tool({ name, description, input = {}, output }, call) {
  if (!/^[a-z0-9_-]{1,64}$/.test(name ?? "")) {
    throw new TypeError(`\`${name}\` is no name for a tool: write 1 to 64 of a-z, 0-9, _ and -`);
  }
  if (registered.has(name)) throw new TypeError(`two tools are called \`${name}\``);
  if (!description) throw new TypeError(`${name} has no description: it is what models know of it`);
  const summary = description.split("\n\n")[0].replace(/\s+/g, " ").split(/(?<=[.!?])\s/)[0];
  registered.set(name, { name, summary, description, input: record(input), output, call });
  return call;
}

// Calls `plugin/tool` and waits for its result: `tool.call("jq/query", { filter: ".name" })`.
tool.call = (name, args = {}) => calls(() => JSON.parse(sys.call(name, JSON.stringify(args))));

// Begins a call and does not wait, so that several run at once; `finish()` waits for its result.
tool.start = (name, args = {}) => {
  const invocation = calls(() => sys.Invocation.start(name, JSON.stringify(args)));
  return { finish: () => calls(() => JSON.parse(invocation.finish())) };
};

// All tools that the grant admits and whose name begins so: `name`, `description`.
tool.list = (prefix = "") => {
  const found = [];
  for (;;) {
    const page = calls(() => sys.list(prefix, found.at(-1)?.name ?? null, PAGE));
    found.push(...page);
    if (page.length < PAGE) return found;
  }
};

// The tools that these words fit best: `name`, `description`, `score`.
tool.search = (query, limit = 10) => calls(() => sys.search(query, limit));

// One tool in full: `description`, `inputSchema`, `outputSchema`.
tool.describe = (name) => calls(() => sys.describe(name));

// Makes a function what `holm run` runs: it takes the arguments, and returns an exit code, or nothing for 0.
export function main(run) {
  if (entry.length > 0) throw new TypeError("`main` is called twice");
  entry.push(run);
}
