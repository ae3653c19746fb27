// `readline`: lines, of standard input and of any other stream.
'use strict';

const EventEmitter = require('events');
const { StringDecoder } = require('string_decoder');
const { coded } = require('internal/errors');

class Interface extends EventEmitter {
  constructor(input, output, completer, terminal) {
    super();
    const options = input && typeof input.on !== 'function' ? input : { input, output, completer, terminal };
    this.input = options.input;
    this.output = options.output;
    this.terminal = false;
    this.line = '';
    this.cursor = 0;
    this.history = [];
    this.closed = false;
    Object.defineProperty(this, '_own', { value: { prompt: options.prompt ?? '> ', decoder: new StringDecoder('utf8'), rest: '', questions: [], paused: false, lines: [], skip: false }, enumerable: false });
    const own = this._own;
    own.data = (chunk) => this.#take(typeof chunk === 'string' ? chunk : own.decoder.write(chunk));
    own.end = () => {
      this.#take(own.decoder.end());
      if (own.rest) {
        const last = own.rest;
        own.rest = '';
        this.#line(last);
      }
      this.close();
    };
    this.input.on('data', own.data);
    this.input.on('end', own.end);
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    this.input.resume();
  }
  #take(text) {
    const own = this._own;
    if (own.skip && text.startsWith('\n')) text = text.slice(1);
    if (text) own.skip = text.endsWith('\r');
    const lines = (own.rest + text).split(/\r\n|\n|\r/);
    own.rest = lines.pop();
    for (const line of lines) this.#line(line);
  }
  #line(line) {
    const own = this._own;
    if (own.paused || own.lines.length) own.lines.push(line);
    else this.#tell(line);
  }
  #tell(line) {
    const question = this._own.questions.shift();
    if (question) question(line);
    else this.emit('line', line);
  }
  getPrompt() { return this._own.prompt; }
  setPrompt(prompt) { this._own.prompt = String(prompt); }
  prompt() {
    if (this._own.paused) this.resume();
    this.output?.write(this._own.prompt);
  }
  question(query, options, callback) {
    if (typeof options === 'function') [options, callback] = [{}, options];
    if (this.closed) throw coded(Error, 'ERR_USE_AFTER_CLOSE', 'readline was closed');
    this.output?.write(query);
    this._own.questions.push(callback);
    this.resume();
  }
  write(data) {
    if (this.closed) throw coded(Error, 'ERR_USE_AFTER_CLOSE', 'readline was closed');
    if (data !== undefined && data !== null) this.#take(String(data));
  }
  pause() {
    if (this._own.paused) return this;
    this._own.paused = true;
    this.input.pause();
    this.emit('pause');
    return this;
  }
  resume() {
    const own = this._own;
    if (!own.paused) return this;
    own.paused = false;
    while (own.lines.length && !own.paused) this.#tell(own.lines.shift());
    this.input.resume();
    this.emit('resume');
    return this;
  }
  close() {
    if (this.closed) return;
    const own = this._own;
    this.closed = true;
    this.input.removeListener('data', own.data);
    this.input.removeListener('end', own.end);
    this.input.pause();
    this.emit('close');
  }
  getCursorPos() { return { rows: 0, cols: this.cursor }; }
  [Symbol.asyncIterator]() {
    const lines = [];
    const waiting = [];
    let over = this.closed;
    const stop = () => {
      over = true;
      for (const next of waiting.splice(0)) next({ value: undefined, done: true });
    };
    this.on('line', (line) => {
      const next = waiting.shift();
      if (next) next({ value: line, done: false });
      else lines.push(line);
    });
    this.once('close', stop);
    return {
      next: () => {
        if (lines.length) return Promise.resolve({ value: lines.shift(), done: false });
        if (over) return Promise.resolve({ value: undefined, done: true });
        return new Promise((resolve) => waiting.push(resolve));
      },
      return: () => {
        this.close();
        return Promise.resolve({ value: undefined, done: true });
      },
      [Symbol.asyncIterator]() { return this; },
    };
  }
}
Interface.prototype.question[Symbol.for('nodejs.util.promisify.custom')] = function (query, options) {
  return new Promise((resolve) => this.question(query, options, resolve));
};

const escape = (stream, code, callback) => {
  stream?.write(code);
  if (callback) process.nextTick(callback);
  return true;
};

module.exports = {
  Interface,
  createInterface: (...args) => new Interface(...args),
  clearLine: (stream, direction, callback) => escape(stream, direction < 0 ? '\x1b[1K' : direction > 0 ? '\x1b[0K' : '\x1b[2K', callback),
  clearScreenDown: (stream, callback) => escape(stream, '\x1b[0J', callback),
  cursorTo(stream, column, row, callback) {
    if (typeof row === 'function') [row, callback] = [undefined, row];
    return escape(stream, row === undefined ? `\x1b[${column + 1}G` : `\x1b[${row + 1};${column + 1}H`, callback);
  },
  moveCursor: (stream, right, down, callback) => escape(stream, `${right > 0 ? `\x1b[${right}C` : right < 0 ? `\x1b[${-right}D` : ''}${down > 0 ? `\x1b[${down}B` : down < 0 ? `\x1b[${-down}A` : ''}`, callback),
  emitKeypressEvents() {},
  get promises() { return require('readline/promises'); },
};
