// Child processes with narrower grants and limits, and their mailboxes.
//
//     const child = spawn.start("researcher", ["--fast"], { grants: ["fs=./data:ro"] });
//     child.wait().code;
//
// Their streams are inherited or empty: what builds this component knows no pipes of a world's own. What children
// have to say goes through the mailbox.

import { calls } from "./errors.js";
import { exec, spawn as sys } from "./sys.js";
import { bytes } from "./text.js";

const optionsOf = (plugin, args, options) => ({
  plugin,
  arguments: args,
  environment: Object.entries(options.environment ?? {}),
  directory: options.directory ?? null,
  stdin: options.stdin ?? "null",
  stdout: options.stdout ?? "inherit",
  stderr: options.stderr ?? "inherit",
  grants: options.grants ?? null,
  fuel: options.fuel ?? null,
  memory: options.memory ?? null,
  tokens: options.tokens ?? null,
  money: options.money ?? null,
  nice: options.nice ?? 0,
});

// How a process ended: `code` where it returned, else null; `fault` where the kernel ended it.
const exitOf = ({ tag, val }) => ({
  code: tag === "code" ? val : null,
  fault: tag === "fault" ? val : null,
  killed: tag === "killed",
});

// A process that was started.
export class Child {
  // Not for use by hand.
  constructor(child) {
    this.raw = child;
  }

  pid() {
    return calls(() => this.raw.pid());
  }

  // Waits for its end.
  wait() {
    return exitOf(calls(() => this.raw.wait()));
  }

  // How it ended; null while it lives.
  status() {
    const exit = calls(() => this.raw.status());
    return exit && exitOf(exit);
  }

  // Ends it and its children.
  kill() {
    calls(() => this.raw.kill());
  }

  // What it has used: `fuel`, `memory`, `syscalls`.
  usage() {
    return calls(() => this.raw.usage());
  }

  // Puts a message into its mailbox.
  send(message) {
    calls(() => this.raw.send(bytes(message)));
  }

  // The next message from it, bytes; null if there is none now.
  receive() {
    return calls(() => this.raw.receive());
  }
}

// Starts a plugin, null for oneself. Without `grants` it has all that the caller has.
export function start(plugin, args = [], options = {}) {
  return new Child(calls(() => sys.Child.start(optionsOf(plugin, args, options))));
}

// Starts a command of a runtime as oneself: `spawn.command("jq", [".name"])`.
export function command(name, args = [], options = {}) {
  return new Child(calls(() => exec.start(name, optionsOf(null, args, options))));
}

// Waits until one of the children has ended; its index.
export const waitAny = (children) => calls(() => sys.waitAny(children.map((child) => child.raw)));

// The process that spawned this one: `send`, `receive`, and `wait` for its next message.
export function parent() {
  const end = calls(() => sys.Parent.open());
  return {
    send: (message) => calls(() => end.send(bytes(message))),
    receive: () => calls(() => end.receive()),
    wait: () => calls(() => end.wait()),
  };
}
