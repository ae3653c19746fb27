// What the kernel calls: see `wit/tool.wit` and `wit/world.wit`.

import "./console.js";
import { ArgumentError, HolmError } from "./errors.js";
import { fit } from "./schema.js";
import { entry, registered } from "./tools.js";

const failed = (error) => {
  // A flaw of the skill: where it lies is for its author.
  if (!(error instanceof HolmError)) console.error(error);
  return String(error?.message ?? error);
};

export const tools = {
  list: () => [...registered.values()].map(({ name, summary }) => ({ name, description: summary })),

  describe(name) {
    const tool = registered.get(name);
    return tool ? {
      name,
      description: tool.description,
      inputSchema: JSON.stringify(tool.input),
      outputSchema: tool.output ? JSON.stringify(tool.output) : null,
    } : null;
  },

  call(name, given) {
    const tool = registered.get(name);
    if (!tool) throw { tag: "no-such-tool" };
    try {
      const args = parsed(given);
      fit(args, tool.input);
      return JSON.stringify(tool.call(args) ?? null);
    } catch (error) {
      throw error instanceof ArgumentError
        ? { tag: "invalid-arguments", val: error.message }
        : { tag: "failed", val: failed(error) };
    }
  },
};

function parsed(given) {
  try {
    return JSON.parse(given);
  } catch (error) {
    throw new ArgumentError(`this is no JSON: ${error.message}`);
  }
}

export function run(args) {
  try {
    if (entry.length === 0) throw new HolmError("this skill has tools and no `main`: it cannot be run");
    const code = entry[0](args) ?? 0;
    return Number.isInteger(code) ? code & 255 : 0;
  } catch (error) {
    const text = failed(error);
    if (error instanceof HolmError) console.error(`error: ${text}`);
    return 1;
  }
}
