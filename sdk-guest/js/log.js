// Lines for the operator, the reason of the last denial, the bill.

import { calls } from "./errors.js";
import { log as sys } from "./sys.js";

const line = (level) => (message) => calls(() => sys.write(level, String(message)));

export const error = line("error");
export const warn = line("warn");
export const info = line("info");
export const debug = line("debug");
export const trace = line("trace");

// The last denial this process met, of files too: `capability`, `resource`, `rule`; or null.
export const lastDenial = () => sys.lastDenial();

// What this process has used so far: `fuel`, `memory`, `syscalls`.
export const usage = () => sys.usage();
