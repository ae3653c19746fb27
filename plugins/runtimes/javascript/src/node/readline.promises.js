// `readline/promises`.
'use strict';

const readline = require('readline');

class Interface extends readline.Interface {
  question(query, options = {}) {
    return new Promise((resolve, reject) => {
      const abort = () => reject(Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' }));
      if (options.signal?.aborted) {
        abort();
        return;
      }
      options.signal?.addEventListener('abort', abort, { once: true });
      super.question(query, options, resolve);
    });
  }
}

class Readline {
  #stream;
  #parts = [];
  constructor(stream) { this.#stream = stream; }
  #add(act) {
    act({ write: (text) => this.#parts.push(text) });
    return this;
  }
  clearLine(direction) { return this.#add((stream) => readline.clearLine(stream, direction)); }
  clearScreenDown() { return this.#add((stream) => readline.clearScreenDown(stream)); }
  cursorTo(column, row) { return this.#add((stream) => readline.cursorTo(stream, column, row)); }
  moveCursor(right, down) { return this.#add((stream) => readline.moveCursor(stream, right, down)); }
  async commit() { this.#stream.write(this.#parts.splice(0).join('')); }
  rollback() { this.#parts = []; return this; }
}

module.exports = { Interface, Readline, createInterface: (...args) => new Interface(...args) };
