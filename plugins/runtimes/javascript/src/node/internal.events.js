// Events, their targets, and what aborts, as browsers have them.
'use strict';

const { coded, wrongType } = require('internal/errors');

const DOM_CODES = { IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidCharacterError: 5, AbortError: 20, TimeoutError: 23, DataCloneError: 25, QuotaExceededError: 22 };

class DOMException extends Error {
  #name;
  constructor(message = '', options = 'Error') {
    super(message);
    this.#name = typeof options === 'object' ? options.name ?? 'Error' : String(options);
    if (typeof options === 'object' && 'cause' in options) this.cause = options.cause;
    Object.defineProperty(this, 'stack', { value: `${this.#name}: ${message}${this.stack.slice(this.stack.indexOf('\n') < 0 ? this.stack.length : this.stack.indexOf('\n'))}`, writable: true, configurable: true });
  }
  get name() { return this.#name; }
  get code() { return DOM_CODES[this.#name] ?? 0; }
  get [Symbol.toStringTag]() { return 'DOMException'; }
}

class Event {
  #stopped = false;
  constructor(type, { bubbles = false, cancelable = false, composed = false } = {}) {
    Object.assign(this, { type: String(type), bubbles, cancelable, composed, defaultPrevented: false, target: null, currentTarget: null, timeStamp: performance.now(), eventPhase: 0 });
  }
  preventDefault() { if (this.cancelable) this.defaultPrevented = true; }
  stopPropagation() {}
  stopImmediatePropagation() { this.#stopped = true; }
  get stopped() { return this.#stopped; }
  composedPath() { return this.target ? [this.target] : []; }
  get [Symbol.toStringTag]() { return 'Event'; }
}
Object.defineProperty(Event.prototype, 'stopped', { enumerable: false });

class CustomEvent extends Event {
  constructor(type, options) {
    super(type, options);
    this.detail = options?.detail ?? null;
  }
}

class EventTarget {
  #listeners = new Map();
  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) return;
    const settings = typeof options === 'boolean' ? {} : options ?? {};
    if (settings.signal?.aborted) return;
    const all = this.#listeners.get(String(type)) ?? [];
    if (all.some((own) => own.listener === listener)) return;
    all.push({ listener, once: settings.once });
    this.#listeners.set(String(type), all);
    settings.signal?.addEventListener('abort', () => this.removeEventListener(type, listener), { once: true });
  }
  removeEventListener(type, listener) {
    const all = this.#listeners.get(String(type));
    if (all) this.#listeners.set(String(type), all.filter((own) => own.listener !== listener));
  }
  dispatchEvent(event) {
    if (!(event instanceof Event)) throw wrongType('event', 'an instance of Event', event);
    event.target = event.currentTarget = this;
    const own = this[`on${event.type}`];
    const all = [...(this.#listeners.get(event.type) ?? [])];
    if (typeof own === 'function') all.unshift({ listener: own });
    for (const { listener, once } of all) {
      if (once) this.removeEventListener(event.type, listener);
      try {
        if (typeof listener === 'function') listener.call(this, event);
        else listener.handleEvent(event);
      } catch (error) {
        process.nextTick(() => { throw error; });
      }
      if (event.stopped) break;
    }
    return !event.defaultPrevented;
  }
  get [Symbol.toStringTag]() { return 'EventTarget'; }
}

const secret = Symbol('abort');

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  constructor(key) {
    if (key !== secret) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    super();
    Object.defineProperty(this, 'onabort', { value: null, writable: true, enumerable: false });
  }
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  static [secret](signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    signal.dispatchEvent(new Event('abort'));
  }
  static abort(reason) {
    const signal = new AbortSignal(secret);
    AbortSignal[secret](signal, reason);
    return signal;
  }
  static timeout(milliseconds) {
    const signal = new AbortSignal(secret);
    setTimeout(() => AbortSignal[secret](signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), milliseconds).unref();
    return signal;
  }
  static any(signals) {
    const all = [...signals];
    const signal = new AbortSignal(secret);
    const done = all.find((own) => own.aborted);
    if (done) AbortSignal[secret](signal, done.reason);
    else for (const own of all) own.addEventListener('abort', () => AbortSignal[secret](signal, own.reason), { once: true });
    return signal;
  }
  get [Symbol.toStringTag]() { return 'AbortSignal'; }
  [Symbol.for('nodejs.util.inspect.custom')]() { return `AbortSignal { aborted: ${this.#aborted} }`; }
}

class AbortController {
  #signal = new AbortSignal(secret);
  get signal() { return this.#signal; }
  abort(reason) { AbortSignal[secret](this.#signal, reason); }
  get [Symbol.toStringTag]() { return 'AbortController'; }
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { return `AbortController { signal: ${inspect(this.#signal)} }`; }
}

module.exports = { DOMException, Event, CustomEvent, EventTarget, AbortSignal, AbortController };
