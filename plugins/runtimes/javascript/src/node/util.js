// `util`.
'use strict';

const { inspect, format, formatWithOptions, stripped } = require('internal/inspect');
const { types } = require('internal/types');
const { coded, wrongType, needFunction, SYSTEM } = require('internal/errors');

const custom = Symbol.for('nodejs.util.promisify.custom');

function promisify(original) {
  needFunction(original, 'original');
  if (original[custom]) return Object.defineProperty(original[custom], custom, { value: original[custom], configurable: true });
  function promised(...args) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...args, (error, ...values) => {
        if (error) reject(error);
        else resolve(values[0]);
      }]);
    });
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(original));
  Object.defineProperty(promised, custom, { value: promised, configurable: true });
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = custom;

function callbackify(original) {
  needFunction(original, 'original');
  const { [`${original.name}Callbackified`]: called } = {
    [`${original.name}Callbackified`](...args) {
      const callback = args.pop();
      needFunction(callback, 'last argument');
      Reflect.apply(original, this, args).then(
        (value) => process.nextTick(callback, null, value),
        (error) => process.nextTick(callback, error || coded(Error, 'ERR_FALSY_VALUE_REJECTION', 'Promise was rejected with falsy value', { reason: error })),
      );
    },
  };
  return called;
}

function inherits(constructor, above) {
  needFunction(constructor, 'ctor');
  needFunction(above, 'superCtor');
  Object.defineProperty(constructor, 'super_', { value: above, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, above.prototype);
}

function deprecate(act, message, code) {
  let warned = false;
  function deprecated(...args) {
    if (!warned) {
      warned = true;
      process.emitWarning(message, 'DeprecationWarning', code);
    }
    return new.target ? Reflect.construct(act, args, new.target) : Reflect.apply(act, this, args);
  }
  return Object.setPrototypeOf(deprecated, act);
}

function debuglog(name) {
  const wanted = new RegExp(`^(${(process.env.NODE_DEBUG ?? '').split(',').join('|').replace(/[.+?^${}()[\]\\]/g, '\\$&').replaceAll('*', '.*')})$`, 'i');
  const enabled = !!process.env.NODE_DEBUG && wanted.test(name);
  const log = (...args) => { if (enabled) native.writeText(2, `${name.toUpperCase()} ${process.pid}: ${format(...args)}\n`); };
  return Object.assign(log, { enabled });
}

function styleText(names, text, { validateStream = true, stream = process.stdout } = {}) {
  let [before, after] = ['', ''];
  const plain = validateStream && !stream.isTTY;
  for (const name of [names].flat()) {
    const code = inspect.colors[name];
    if (!code) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'format' must be one of: ${Object.keys(inspect.colors).map((key) => `'${key}'`).join(', ')}. Received ${inspect(name)}`);
    before += `\x1b[${code[0]}m`;
    after = `\x1b[${code[1]}m${after}`;
  }
  return plain ? String(text) : `${before}${text}${after}`;
}

// The lines `NAME=value` of a .env file.
function parseEnv(text) {
  const all = {};
  const line = /^\s*(?:export\s+)?([\w.-]+)\s*=[ \t]*("(?:\\"|[^"])*"|'[^']*'|`[^`]*`|[^#\r\n]*)?.*$/gm;
  for (const [, name, raw = ''] of text.matchAll(line)) {
    let value = raw.trim();
    const quote = /^(["'`])([\s\S]*)\1$/.exec(value);
    if (quote) value = quote[1] === '"' ? quote[2].replaceAll('\\n', '\n') : quote[2];
    all[name] = value;
  }
  return all;
}

class MIMEType {
  constructor(text) {
    const [, type, subtype, rest = ''] = /^\s*([^/\s]+)\/([^;\s]+)\s*(;.*)?$/s.exec(text) ?? [];
    if (!type) throw coded(TypeError, 'ERR_INVALID_MIME_SYNTAX', `The MIME syntax for a type in "${text}" is invalid`);
    this.type = type.toLowerCase();
    this.subtype = subtype.toLowerCase();
    this.params = new Map([...rest.matchAll(/;\s*([^=;\s]+)=("[^"]*"|[^;]*)/g)].map(([, name, value]) => [name.toLowerCase(), value.replace(/^"|"$/g, '').trim()]));
  }
  get essence() { return `${this.type}/${this.subtype}`; }
  toString() { return [this.essence, ...[...this.params].map(([name, value]) => `${name}=${value}`)].join(';'); }
}

const isObject = (value) => typeof value === 'object' && value !== null;

module.exports = {
  inspect, format, formatWithOptions, promisify, callbackify, inherits, deprecate, debuglog, debug: debuglog, types, styleText, parseEnv, MIMEType,
  stripVTControlCharacters(text) {
    if (typeof text !== 'string') throw wrongType('str', 'of type string', text);
    return stripped(text).replace(/[\x1b\x9b][[()#;?]*(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]/g, '');
  },
  toUSVString: (text) => String(text).toWellFormed(),
  isDeepStrictEqual: (left, right) => require('internal/equal')(left, right, true),
  getSystemErrorName: (number) => Object.keys(SYSTEM).find((code) => SYSTEM[code][0] === -number),
  getSystemErrorMap: () => new Map(Object.entries(SYSTEM).map(([code, [number, text]]) => [-number, [code, text]])),
  aborted: (signal) => new Promise((resolve) => { signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }); }),
  get parseArgs() { return require('internal/parseargs'); },
  get TextEncoder() { return globalThis.TextEncoder; },
  get TextDecoder() { return globalThis.TextDecoder; },
  isArray: Array.isArray, isBoolean: (value) => typeof value === 'boolean', isBuffer: (value) => Buffer.isBuffer(value), isDate: types.isDate,
  isError: (value) => types.isNativeError(value) || value instanceof Error, isFunction: (value) => typeof value === 'function',
  isNull: (value) => value === null, isNullOrUndefined: (value) => value == null, isNumber: (value) => typeof value === 'number',
  isObject, isPrimitive: (value) => !isObject(value) && typeof value !== 'function', isRegExp: types.isRegExp,
  isString: (value) => typeof value === 'string', isSymbol: (value) => typeof value === 'symbol', isUndefined: (value) => value === undefined,
  log: (...args) => console.log(`${new Date().toTimeString().slice(0, 8)} - ${format(...args)}`),
  _extend: (target, source) => (isObject(source) ? Object.assign(target, source) : target),
};
