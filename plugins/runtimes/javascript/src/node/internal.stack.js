// What `stack` of an error says: V8's form, which scripts print and read.
'use strict';

const toString = Error.prototype.toString;

function header(error) {
  try {
    return toString.call(error);
  } catch {
    return 'Error';
  }
}

// Files whose first line begins with what makes them a function: its columns are none of theirs.
const wrapped = new Set();
const WRAPPER = '(function (exports, require, module, __filename, __dirname) { '.length;

const shifted = (site) => ({
  getFileName: () => site.getFileName(), getLineNumber: () => 1, isNative: () => site.isNative(),
  getColumnNumber: () => Math.max(1, site.getColumnNumber() - WRAPPER),
});

function place(site) {
  const name = site.getFunctionName?.();
  const file = site.getFileName?.() ?? 'native';
  const line = site.getLineNumber?.();
  let column = site.getColumnNumber?.();
  if (line === 1 && wrapped.has(file) && column > WRAPPER) column -= WRAPPER;
  const at = site.isNative?.() ? 'native' : line > 0 ? `${file}:${line}:${column}` : file;
  return name && name !== '<anonymous>' && name !== '<eval>' ? `${name} (${at})` : at;
}

// Frames of what is written here tell a script's author nothing.
const own = (line) => /[( ]holm:|\bnative\)?$/.test(line);

const LIMIT = 10;
let language;

function prepared(error, sites) {
  // A message of the engine's own is put in V8's words.
  if (language && typeof error.message === 'string' && error.constructor !== Error && !Object.hasOwn(error, 'code')) {
    const message = language.message(error.message, wrapped.has(sites[0]?.getFileName?.()) && sites[0].getLineNumber() === 1 ? shifted(sites[0]) : sites[0]);
    if (message !== undefined && message !== error.message) Object.defineProperty(error, 'message', { value: message, writable: true, configurable: true, enumerable: false });
  }
  const lines = sites.map((site) => {
    try {
      return `\n    at ${place(site)}`;
    } catch {
      return '';
    }
  });
  return header(error) + lines.filter((line) => !own(line)).slice(0, LIMIT).join('');
}

// Libraries that read frames ask of them what V8's can say.
Error.prepareStackTrace = (error, sites) => {
  const prototype = sites.length ? Object.getPrototypeOf(sites[0]) : {};
  for (const [name, answer] of Object.entries({
    isEval: () => false, isToplevel: () => true, isConstructor: () => false, isAsync: () => false, isPromiseAll: () => false,
    getThis: () => undefined, getTypeName: () => null, getMethodName: () => null, getEvalOrigin: () => undefined, getPromiseIndex: () => null,
    getFunction: () => undefined, getScriptNameOrSourceURL() { return this.getFileName(); }, toString() { return place(this); },
  })) {
    if (!Object.hasOwn(prototype, name)) Object.defineProperty(prototype, name, { value: answer, writable: true, configurable: true });
  }
};
void new Error().stack;

Error.prepareStackTrace = prepared;
module.exports = { header, prepared, wrapped, use(words) { language = words; } };
