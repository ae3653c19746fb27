// Models, by the names their user gave them.
//
//     llm.open("smart").complete("What is the capital of Peru?", { system: "Answer in one word." }).text();

import { HolmError, calls, errorOf } from "./errors.js";
import { record } from "./schema.js";
import { llm as sys } from "./sys.js";

// Requests of one system call.
const REQUESTS = 32;

// A turn of plain text: `system`, `user` or `assistant`.
export const message = (role, text) => ({ role, content: [{ tag: "text", val: text }] });

// The turn that answers a tool call of a reply.
export const result = ({ id, name }, content, isError = false) => ({
  role: "user", content: [{ tag: "tool-result", val: { id, name, content, isError } }],
});

// What a model is asked: a text, or a list of turns. `tools` are what `tool` takes; `output` is the JSON Schema that
// the reply's text fits; `deadline` is in milliseconds.
export function request(prompt, options = {}) {
  const messages = typeof prompt === "string" ? [message("user", prompt)] : [...prompt];
  if (options.system !== undefined) messages.unshift(message("system", options.system));
  return {
    messages,
    tools: (options.tools ?? []).map(({ name, description, input = {} }) => ({
      name, description, inputSchema: JSON.stringify(record(input)),
    })),
    toolChoice: { tag: "auto" },
    outputSchema: options.output ? JSON.stringify(options.output) : null,
    maxTokens: options.maxTokens ?? null,
    temperature: options.temperature ?? null,
    stop: options.stop ?? [],
    seed: options.seed ?? null,
    effort: options.effort ?? null,
    cached: options.cached ?? false,
    deadline: options.deadline ?? null,
  };
}

// What the model said; `raw` is the reply as `wit/llm.wit` has it.
export class Reply {
  constructor(raw) {
    this.raw = raw;
    this.usage = raw.usage;
  }

  // All its text.
  text() {
    return this.raw.content.filter(({ tag }) => tag === "text").map(({ val }) => val).join("");
  }

  // The tools it wants called: `id`, `name`, `arguments` (JSON).
  toolCalls() {
    return this.raw.content.filter(({ tag }) => tag === "tool-call").map(({ val }) => val);
  }

  // Its text as the value that `output` asked for.
  value() {
    if (this.raw.stop === "max-tokens") {
      throw new HolmError("the reply was cut off before its end; allow more tokens");
    }
    return JSON.parse(this.text());
  }

  // It, as a turn of the conversation.
  message() {
    return { role: "assistant", content: this.raw.content };
  }
}

// An open model.
export class Model {
  #model;

  constructor(name) {
    this.#model = calls(() => sys.Model.open(name));
  }

  // Makes a call and waits for its reply; the options are those of `request`.
  complete(prompt, options) {
    const [outcome] = this.completeAll([request(prompt, options)]);
    if (outcome instanceof HolmError) throw outcome;
    return outcome;
  }

  // Makes all calls at once, as far as the user's limits allow; of each a Reply or an error, in their order.
  completeAll(requests) {
    const outcomes = [];
    for (let at = 0; at < requests.length; at += REQUESTS) {
      outcomes.push(...calls(() => this.#model.complete(requests.slice(at, at + REQUESTS))));
    }
    return outcomes.map(({ tag, val }) => (tag === "ok" ? new Reply(val) : errorOf(val)));
  }

  // The pieces of a reply that is being written, as `wit/llm.wit` has them; the last one is the whole.
  *stream(prompt, options) {
    const stream = calls(() => this.#model.stream(request(prompt, options)));
    try {
      for (let delta = calls(() => stream.next()); delta !== null; delta = calls(() => stream.next())) yield delta;
    } finally {
      stream[Symbol.dispose]?.();
    }
  }

  // One vector for each text, at most 256.
  embed(texts) {
    return calls(() => this.#model.embed(texts));
  }

  // What the user's configuration says of it.
  describe() {
    return calls(() => this.#model.describe());
  }

  // What calls of it may still use: `calls`, `tokens`, `money`.
  left() {
    return calls(() => this.#model.left());
  }

  // Tokens that the request would be counted as: an upper bound.
  countTokens(prompt, options) {
    return calls(() => this.#model.countTokens(request(prompt, options)).tokens);
  }
}

export const open = (name) => new Model(name);
