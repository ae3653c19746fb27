// Why something failed: one class a reason.

// It ran and failed; the text is for the caller.
export class HolmError extends Error {
  get name() {
    return this.constructor.name;
  }
}

// The caller's arguments make no sense; the text says which and why.
export class ArgumentError extends HolmError {}

// There is no such thing.
export class NotFound extends HolmError {}

// It ended before it was done: killed, revoked, or cancelled.
export class Cancelled extends HolmError {}

// The grants do not allow it.
export class Denied extends HolmError {
  constructor({ capability, resource, rule }) {
    super(`denied: ${capability}=${resource} (${rule})`);
    Object.assign(this, { capability, resource, rule });
  }
}

// A limit allows no more.
export class Quota extends HolmError {
  constructor({ limit, maximum }) {
    super(`limit reached: ${limit} = ${maximum}`);
    Object.assign(this, { limit, maximum });
  }
}

// A write expected another version; `found` is the one that is there, or null.
export class Conflict extends HolmError {
  constructor({ key, found }) {
    super(`conflict: ${key} is ${found === null ? "absent" : `at version ${found}`}`);
    Object.assign(this, { key, found });
  }
}

// The exception of an error of a system call.
export function errorOf({ tag, val }) {
  switch (tag) {
    case "sys":
    case "tool":
      return errorOf(val);
    case "denied":
      return new Denied(val);
    case "quota":
      return new Quota(val);
    case "conflict":
      return new Conflict(val);
    case "invalid-arguments":
      return new ArgumentError(val);
    case "not-found":
      return new NotFound("not found");
    case "no-such-tool":
      return new NotFound("no such tool");
    case "cancelled":
      return new Cancelled("cancelled");
    case "full":
      return new HolmError("the mailbox is full");
    case "rate-limited":
      return new HolmError("all providers are at their limits");
    case "fault":
      return new HolmError(`the tool was ended: ${val}`);
    case "invalid":
      return new HolmError(`malformed: ${val}`);
    default:
      return new HolmError(String(val));
  }
}

// Makes a system call; what it refuses is thrown as one of ours.
export function calls(call) {
  try {
    return call();
  } catch (error) {
    throw error?.payload?.tag ? errorOf(error.payload) : error;
  }
}
