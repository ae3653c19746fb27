// `events`: emitters.
'use strict';

const { coded, wrongType, needFunction, outOfRange } = require('internal/errors');

function EventEmitter(options) {
  init(this, options);
}

function init(emitter, options) {
  if (emitter._events === undefined || emitter._events === Object.getPrototypeOf(emitter)._events) {
    emitter._events = Object.create(null);
    emitter._eventsCount = 0;
  }
  emitter._maxListeners ??= undefined;
  if (options?.captureRejections) emitter[capturing] = true;
}

const capturing = Symbol('kCapture');

function add(emitter, name, listener, first) {
  needFunction(listener, 'listener');
  if (emitter._events === undefined) init(emitter);
  const events = emitter._events;
  if (events.newListener !== undefined) {
    emitter.emit('newListener', name, listener.listener ?? listener);
  }
  const known = emitter._events[name];
  if (known === undefined) {
    emitter._events[name] = listener;
    emitter._eventsCount++;
    return emitter;
  }
  const all = typeof known === 'function' ? [known] : known;
  if (first) all.unshift(listener);
  else all.push(listener);
  emitter._events[name] = all;
  const most = emitter.getMaxListeners();
  if (most > 0 && all.length > most && !all.warned) {
    all.warned = true;
    const warning = new Error(`Possible EventEmitter memory leak detected. ${all.length} ${String(name)} listeners added to ${require('internal/inspect').inspect(emitter, { depth: -1 })}. MaxListeners is ${most}. Use emitter.setMaxListeners() to increase limit`);
    warning.name = 'MaxListenersExceededWarning';
    process.emitWarning(warning);
  }
  return emitter;
}

function once(emitter, name, listener) {
  needFunction(listener, 'listener');
  let fired = false;
  const wrapped = function (...args) {
    if (fired) return undefined;
    fired = true;
    emitter.removeListener(name, wrapped);
    return listener.apply(emitter, args);
  };
  wrapped.listener = listener;
  return wrapped;
}

function list(emitter, name, unwrap) {
  const known = emitter._events?.[name];
  if (known === undefined) return [];
  const all = typeof known === 'function' ? [known] : [...known];
  return unwrap ? all.map((listener) => listener.listener ?? listener) : all;
}

EventEmitter.prototype = {
  constructor: EventEmitter,
  _events: undefined, _eventsCount: 0, _maxListeners: undefined,
  setMaxListeners(count) {
    if (typeof count !== 'number' || count < 0 || Number.isNaN(count)) throw outOfRange('setMaxListeners', 'a non-negative number', count);
    this._maxListeners = count;
    return this;
  },
  getMaxListeners() { return this._maxListeners ?? EventEmitter.defaultMaxListeners; },
  emit(name, ...args) {
    const known = this._events?.[name];
    if (name === 'error') {
      const monitor = this._events?.[EventEmitter.errorMonitor];
      if (monitor !== undefined) this.emit(EventEmitter.errorMonitor, ...args);
      if (known === undefined) {
        const [error] = args;
        if (error instanceof Error) throw error;
        const text = typeof error === 'string' ? `'${error}'` : require('internal/inspect').inspect(error);
        throw Object.assign(coded(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${text})`), { context: error });
      }
    }
    if (known === undefined) return false;
    for (const listener of typeof known === 'function' ? [known] : [...known]) {
      const result = Reflect.apply(listener, this, args);
      if (this[capturing] && result !== undefined && typeof result?.then === 'function') {
        result.then(undefined, (error) => process.nextTick(() => {
          const own = this[Symbol.for('nodejs.rejection')];
          if (typeof own === 'function') own.call(this, error, name, ...args);
          else this.emit('error', error);
        }));
      }
    }
    return true;
  },
  addListener(name, listener) { return add(this, name, listener, false); },
  on(name, listener) { return add(this, name, listener, false); },
  prependListener(name, listener) { return add(this, name, listener, true); },
  once(name, listener) { return this.on(name, once(this, name, listener)); },
  prependOnceListener(name, listener) { return this.prependListener(name, once(this, name, listener)); },
  removeListener(name, listener) {
    needFunction(listener, 'listener');
    const known = this._events?.[name];
    if (known === undefined) return this;
    const all = typeof known === 'function' ? [known] : known;
    const index = all.findLastIndex((own) => own === listener || own.listener === listener);
    if (index < 0) return this;
    const left = all.toSpliced(index, 1);
    if (left.length) {
      this._events[name] = left.length === 1 ? left[0] : left;
    } else {
      delete this._events[name];
      this._eventsCount--;
    }
    if (this._events.removeListener !== undefined) this.emit('removeListener', name, listener);
    return this;
  },
  off(name, listener) { return this.removeListener(name, listener); },
  removeAllListeners(name) {
    if (this._events === undefined) return this;
    if (name === undefined) {
      this._events = Object.create(null);
      this._eventsCount = 0;
    } else if (this._events[name] !== undefined) {
      delete this._events[name];
      this._eventsCount--;
    }
    return this;
  },
  listeners(name) { return list(this, name, true); },
  rawListeners(name) { return list(this, name, false); },
  listenerCount(name, listener) {
    const all = list(this, name, true);
    return listener === undefined ? all.length : all.filter((own) => own === listener).length;
  },
  eventNames() { return this._events ? Reflect.ownKeys(this._events) : []; },
};
for (const name of Object.keys(EventEmitter.prototype)) {
  if (name === 'constructor') Object.defineProperty(EventEmitter.prototype, name, { enumerable: false });
}

// A promise of an event's arguments.
function onceOf(emitter, name, { signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    if (typeof emitter.addEventListener === 'function') {
      return emitter.addEventListener(name, (...args) => resolve(args), { once: true });
    }
    const stop = () => {
      emitter.removeListener(name, heard);
      emitter.removeListener('error', failed);
      signal?.removeEventListener('abort', quit);
    };
    const heard = (...args) => { stop(); resolve(args); };
    const failed = (error) => { stop(); reject(error); };
    const quit = () => { stop(); reject(aborted(signal)); };
    emitter.once(name, heard);
    if (name !== 'error') emitter.once('error', failed);
    signal?.addEventListener('abort', quit, { once: true });
  });
}

function aborted(signal) {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted', { cause: signal?.reason });
  error.name = 'AbortError';
  return error;
}

// Events as an asynchronous iterator.
function on(emitter, name, { signal, close = [] } = {}) {
  const waiting = [];
  const events = [];
  let ended = false;
  let failure;
  const finish = () => {
    ended = true;
    emitter.removeListener(name, heard);
    emitter.removeListener('error', failed);
    for (const { resolve } of waiting.splice(0)) resolve({ value: undefined, done: true });
  };
  const heard = (...args) => {
    const next = waiting.shift();
    if (next) next.resolve({ value: args, done: false });
    else events.push(args);
  };
  const failed = (error) => {
    const next = waiting.shift();
    if (next) next.reject(error);
    else failure = error;
    finish();
  };
  emitter.on(name, heard);
  if (name !== 'error') emitter.on('error', failed);
  for (const event of close) emitter.on(event, finish);
  signal?.addEventListener('abort', () => failed(aborted(signal)), { once: true });
  return {
    next() {
      if (events.length) return Promise.resolve({ value: events.shift(), done: false });
      if (failure) {
        const error = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (ended) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() { finish(); return Promise.resolve({ value: undefined, done: true }); },
    throw(error) { failed(error); return Promise.resolve({ value: undefined, done: true }); },
    [Symbol.asyncIterator]() { return this; },
  };
}

let defaultMax = 10;
Object.defineProperty(EventEmitter, 'defaultMaxListeners', {
  enumerable: true,
  get: () => defaultMax,
  set(count) {
    if (typeof count !== 'number' || count < 0) throw outOfRange('defaultMaxListeners', 'a non-negative number', count);
    defaultMax = count;
  },
});

module.exports = Object.assign(EventEmitter, {
  EventEmitter, once: onceOf, on, errorMonitor: Symbol('events.errorMonitor'),
  captureRejectionSymbol: Symbol.for('nodejs.rejection'), captureRejections: false,
  setMaxListeners(count, ...emitters) { for (const emitter of emitters) emitter.setMaxListeners?.(count); },
  getEventListeners: (emitter, name) => emitter.listeners?.(name) ?? [],
  listenerCount: (emitter, name) => emitter.listenerCount(name),
  addAbortListener(signal, listener) {
    if (!signal || !('aborted' in signal)) throw wrongType('signal', 'an instance of AbortSignal', signal);
    if (signal.aborted) queueMicrotask(() => listener());
    else signal.addEventListener('abort', listener, { once: true });
    return { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() { signal.removeEventListener('abort', listener); } };
  },
});
