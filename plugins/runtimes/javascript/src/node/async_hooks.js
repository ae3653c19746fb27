// `async_hooks`: storage that follows what is called at once and, by `run`, what that awaits as long as one runs at a time.
'use strict';

const { refused } = require('internal/errors');

class AsyncLocalStorage {
  #store;
  run(store, act, ...args) {
    const before = this.#store;
    this.#store = store;
    const back = () => { this.#store = before; };
    let result;
    try {
      result = act(...args);
    } catch (error) {
      back();
      throw error;
    }
    if (typeof result?.then === 'function') result.then(back, back);
    else back();
    return result;
  }
  exit(act, ...args) { return this.run(undefined, act, ...args); }
  getStore() { return this.#store; }
  enterWith(store) { this.#store = store; }
  disable() { this.#store = undefined; }
  static bind(act) { return act; }
  static snapshot() { return (act, ...args) => act(...args); }
}

class AsyncResource {
  constructor(type) { this.type = type; }
  runInAsyncScope(act, self, ...args) { return act.apply(self, args); }
  emitDestroy() { return this; }
  asyncId() { return 1; }
  triggerAsyncId() { return 0; }
  bind(act) { return act; }
  static bind(act) { return act; }
}

module.exports = {
  AsyncLocalStorage, AsyncResource, executionAsyncId: () => 1, triggerAsyncId: () => 0, executionAsyncResource: () => ({}),
  createHook() { throw refused('async_hooks.createHook', 'the engine tells of no asynchronous operations'); },
};
