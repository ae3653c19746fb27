// The console: what is printed, to which stream, and how it is indented.
'use strict';

const { inspect, formatWithOptions, width } = require('internal/inspect');

const counts = Symbol('counts');

class Console {
  constructor(out, error) {
    const options = out && out.write ? { stdout: out, stderr: error } : out;
    const streams = { out: options?.stdout, error: options?.stderr ?? options?.stdout };
    const state = { indent: '', counts: new Map(), timers: new Map() };
    Object.defineProperty(this, counts, { value: { streams, state, step: options?.groupIndentation ?? 2, inspectOptions: options?.inspectOptions } });
    // Methods are handed around without their console.
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      if (name !== 'constructor') this[name] = this[name].bind(this);
    }
  }
  log(...args) { print(this, 'out', args); }
  warn(...args) { print(this, 'error', args); }
  error(...args) { print(this, 'error', args); }
  dir(value, options) { write(this, 'out', inspect(value, { customInspect: false, ...options })); }
  trace(...args) {
    const error = { name: 'Trace', message: formatWithOptions({}, ...args) };
    const stack = new Error('x').stack.split('\n').slice(1).filter((line) => !line.includes('node:internal')).join('\n');
    write(this, 'error', `Trace${error.message ? `: ${error.message}` : ''}\n${stack}`);
  }
  assert(condition, ...args) {
    if (condition) return;
    if (typeof args[0] === 'string') args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift('Assertion failed');
    this.warn(...args);
  }
  clear() {}
  count(label = 'default') {
    const { state } = this[counts];
    const count = (state.counts.get(`${label}`) ?? 0) + 1;
    state.counts.set(`${label}`, count);
    this.log(`${label}: ${count}`);
  }
  countReset(label = 'default') { this[counts].state.counts.delete(`${label}`); }
  group(...args) {
    if (args.length) this.log(...args);
    this[counts].state.indent += ' '.repeat(this[counts].step);
  }
  groupEnd() {
    const { state, step } = this[counts];
    state.indent = state.indent.slice(0, Math.max(0, state.indent.length - step));
  }
  time(label = 'default') { this[counts].state.timers.set(`${label}`, native.hrtime()); }
  timeEnd(label = 'default') {
    if (since(this, label, [])) this[counts].state.timers.delete(`${label}`);
  }
  timeLog(label = 'default', ...args) { since(this, label, args); }
  table(data, columns) {
    if (data === null || typeof data !== 'object') return this.log(data);
    this.log(require('internal/table')(data, columns, inspect, width));
  }
}
Console.prototype.debug = Console.prototype.log;
Console.prototype.info = Console.prototype.log;
Console.prototype.dirxml = Console.prototype.log;
Console.prototype.groupCollapsed = Console.prototype.group;

function print(console, stream, args) {
  const text = args.length === 1 && typeof args[0] === 'string' ? args[0] : formatWithOptions(console[counts].inspectOptions ?? {}, ...args);
  write(console, stream, text);
}

function write(console, stream, text) {
  const { streams, state } = console[counts];
  if (state.indent) text = state.indent + text.replaceAll('\n', `\n${state.indent}`);
  const own = streams[stream];
  if (own) {
    own.write(`${text}\n`);
    return;
  }
  // The process's own streams are made when a script first asks for them, and then may be replaced.
  const name = stream === 'out' ? 'stdout' : 'stderr';
  if (Object.getOwnPropertyDescriptor(process, name).get) native.writeText(stream === 'out' ? 1 : 2, `${text}\n`);
  else process[name].write(`${text}\n`);
}

function since(console, label, args) {
  const from = console[counts].state.timers.get(`${label}`);
  if (from === undefined) return false;
  const milliseconds = (native.hrtime() - from) / 1e6;
  const text = milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(3)}s` : `${Number(milliseconds.toFixed(3))}ms`;
  print(console, 'out', [`${label}: ${text}`, ...args]);
  return true;
}

const console = new Console();
console.Console = Console;
Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
module.exports = console;
