// `vm`: code as text. There is one global object: a context's names are passed in, and none is apart from it.
'use strict';

const { refused } = require('internal/errors');

class Script {
  constructor(code, options) {
    this.code = String(code);
    this.file = (typeof options === 'string' ? options : options?.filename) ?? 'evalmachine.<anonymous>';
    // What does not parse says so now.
    native.compile(`(function () { ${this.code}\n})`, this.file);
  }
  runInThisContext() { return native.compile(this.code, this.file); }
  runInNewContext() { throw refused('vm.runInNewContext', 'there is one global object; use runInThisContext, or a process of its own'); }
  runInContext() { return this.runInNewContext(); }
}

module.exports = {
  Script,
  runInThisContext: (code, options) => native.compile(String(code), (typeof options === 'string' ? options : options?.filename) ?? 'evalmachine.<anonymous>'),
  runInNewContext: (code) => new Script(code).runInNewContext(),
  runInContext: (code) => new Script(code).runInNewContext(),
  createContext() { throw refused('vm.createContext', 'there is one global object; use runInThisContext, or a process of its own'); },
  isContext: () => false,
  compileFunction: (code, names = [], options = {}) => native.compile(`(function (${names.join(', ')}) { ${code}\n})`, options.filename ?? ''),
};
