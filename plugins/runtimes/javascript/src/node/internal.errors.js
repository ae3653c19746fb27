// Errors as Node makes them: with codes, and of the system.
'use strict';

const { header } = require('internal/stack');

// The numbers and sentences of Linux, which scripts compare.
const SYSTEM = {
  EPERM: [1, 'operation not permitted'], ENOENT: [2, 'no such file or directory'], EIO: [5, 'i/o error'],
  EBADF: [9, 'bad file descriptor'], EAGAIN: [11, 'resource temporarily unavailable'], ENOMEM: [12, 'not enough memory'],
  EACCES: [13, 'permission denied'], EBUSY: [16, 'resource busy or locked'], EEXIST: [17, 'file already exists'],
  EXDEV: [18, 'cross-device link not permitted'], ENOTDIR: [20, 'not a directory'],
  EISDIR: [21, 'illegal operation on a directory'], EINVAL: [22, 'invalid argument'],
  ENFILE: [23, 'file table overflow'], EMFILE: [24, 'too many open files'], EFBIG: [27, 'file too large'],
  ENOSPC: [28, 'no space left on device'], ESPIPE: [29, 'invalid seek'], EROFS: [30, 'read-only file system'],
  EPIPE: [32, 'broken pipe'], ENAMETOOLONG: [36, 'name too long'], ENOSYS: [38, 'function not implemented'],
  ENOTEMPTY: [39, 'directory not empty'], ELOOP: [40, 'too many symbolic links encountered'],
  ENOTSUP: [95, 'operation not supported on socket'], ECONNRESET: [104, 'connection reset by peer'],
  ETIMEDOUT: [110, 'connection timed out'], ECONNREFUSED: [111, 'connection refused'],
  ENOTFOUND: [3008, 'name does not resolve'],
};

// An error of Node's own: its code stands in its header, not in its name.
function coded(Base, code, message, properties) {
  const error = new Base(message);
  const name = error.name;
  Object.defineProperty(error, 'stack', {
    value: error.stack.replace(header(error), () => `${name} [${code}]: ${message}`),
    writable: true, configurable: true, enumerable: false,
  });
  Object.defineProperty(error, 'toString', {
    value() { return `${this.name} [${code}]: ${this.message}`; },
    writable: true, configurable: true, enumerable: false,
  });
  error.code = code;
  return Object.assign(error, properties);
}

// An error of the system: what was called, with which paths, and, where Holm denied it, why.
function system(code, syscall, path, dest, why) {
  const [number, sentence] = SYSTEM[code] ?? [5, why || 'unknown error'];
  let message = `${code}: ${sentence}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  if (why && SYSTEM[code]) message += ` (${why})`;
  const error = new Error(message);
  error.errno = -number;
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

// Calls what throws codes, and throws what Node would.
function calling(syscall, path, dest, act) {
  try {
    return act();
  } catch (error) {
    throw translated(error, syscall, path, dest);
  }
}

function translated(error, syscall, path, dest) {
  const [code, why] = String(error?.message).split('\n');
  return /^E[A-Z0-9]+$/.test(code) ? system(code, syscall, path, dest, why) : error;
}

function shown(value) {
  if (value == null) return ` Received ${value}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    return value.constructor?.name
      ? ` Received an instance of ${value.constructor.name}`
      : ` Received ${require('internal/inspect').inspect(value, { depth: -1 })}`;
  }
  let text = require('internal/inspect').inspect(value, { colors: false });
  if (text.length > 28) text = `${text.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${text})`;
}

// `expected` as Node writes it: `of type string or an instance of Buffer`.
function wrongType(name, expected, value) {
  const what = name.endsWith(' argument') ? `The ${name}` : `The "${name}" ${name.includes('.') ? 'property' : 'argument'}`;
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', `${what} must be ${expected}.${shown(value)}`);
}

function wrongValue(name, value, reason = 'is invalid') {
  const text = require('internal/inspect').inspect(value);
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${reason}. Received ${text.length > 128 ? `${text.slice(0, 128)}...` : text}`);
}

function outOfRange(name, range, value) {
  let text = typeof value === 'bigint' ? `${value}n` : require('internal/inspect').inspect(value);
  if (Number.isInteger(value) && Math.abs(value) > 2 ** 32) text = String(value).replace(/\B(?=(\d{3})+$)/g, '_');
  return coded(RangeError, 'ERR_OUT_OF_RANGE', `The value of "${name}" is out of range. It must be ${range}. Received ${text}`);
}

// What this runtime does not do says so, in one sentence.
function refused(what, why) {
  return coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `${what} is not available here: ${why}`);
}

function needString(value, name) {
  if (typeof value !== 'string') throw wrongType(name, 'of type string', value);
}

function needFunction(value, name) {
  if (typeof value !== 'function') throw wrongType(name, 'of type function', value);
}

module.exports = { SYSTEM, coded, system, calling, translated, wrongType, wrongValue, outOfRange, refused, needString, needFunction };
