// The loop: ticks, microtasks, timers, completions, children and input, in Node's order, until nothing is left.
//
// What keeps a process alive: a timer or immediate that is not unref'd, an operation whose callback is due, a
// child that runs, and input that somebody reads. An interval that nobody clears keeps it until its host ends it.
'use strict';

const { needFunction } = require('internal/errors');

const LONGEST = 2 ** 31 - 1;
const ticks = [];
const immediates = new Set();
let completions = [];
const sources = new Set();
const unheard = new Map();
const timers = [];
let sequence = 0;
let number = 0;
let now = native.hrtime() / 1e6;

class Timeout {
  constructor(callback, delay, args, repeat) {
    delay = Number(delay);
    if (!(delay >= 1 && delay <= LONGEST)) delay = 1;
    this._idleTimeout = Math.trunc(delay);
    this._onTimeout = callback;
    this._repeat = repeat ? this._idleTimeout : null;
    this._destroyed = false;
    hide(this, { args, referenced: true, due: 0, order: 0, id: ++number });
    schedule(this);
  }
  ref() { this.referenced = true; return this; }
  unref() { this.referenced = false; return this; }
  hasRef() { return this.referenced; }
  refresh() { if (!this._destroyed) { remove(this); schedule(this); } return this; }
  close() { clear(this); return this; }
  [Symbol.toPrimitive]() { byNumber.set(this.id, this); return this.id; }
  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() { clear(this); }
}

class Immediate {
  constructor(callback, args) {
    hide(this, { callback, args, referenced: true });
    immediates.add(this);
  }
  ref() { this.referenced = true; return this; }
  unref() { this.referenced = false; return this; }
  hasRef() { return this.referenced; }
}

const byNumber = new Map();

function hide(object, properties) {
  for (const name in properties) {
    Object.defineProperty(object, name, { value: properties[name], writable: true, configurable: true, enumerable: false });
  }
}

// Timers stay sorted by when they are due, those of one moment by who came first.
function schedule(timer) {
  timer.due = now + timer._idleTimeout;
  timer.order = ++sequence;
  let low = 0;
  let high = timers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timers[middle].due <= timer.due) low = middle + 1;
    else high = middle;
  }
  timers.splice(low, 0, timer);
}

function remove(timer) {
  const index = timers.indexOf(timer);
  if (index >= 0) timers.splice(index, 1);
}

function clear(timer) {
  if (typeof timer === 'number' || typeof timer === 'string') {
    const known = byNumber.get(Number(timer));
    byNumber.delete(Number(timer));
    timer = known ?? timers.find(({ id }) => id === Number(timer));
  }
  if (!(timer instanceof Timeout)) return;
  timer._destroyed = true;
  remove(timer);
}

function setTimeout(callback, delay, ...args) {
  needFunction(callback, 'callback');
  return new Timeout(callback, delay, args, false);
}

function setInterval(callback, delay, ...args) {
  needFunction(callback, 'callback');
  return new Timeout(callback, delay, args, true);
}

function setImmediate(callback, ...args) {
  needFunction(callback, 'callback');
  return new Immediate(callback, args);
}

function clearImmediate(immediate) {
  immediates.delete(immediate);
}

function queueMicrotask(callback) {
  needFunction(callback, 'callback');
  Promise.resolve().then(() => {
    try {
      callback();
    } catch (error) {
      uncaught(error);
    }
  });
}

function nextTick(callback, ...args) {
  needFunction(callback, 'callback');
  ticks.push([callback, args]);
}

// Calls back later, as an operation of the system would that has just been started.
function later(callback, ...args) {
  completions.push([callback, args]);
}

// Runs a macrotask, then all that it left to do at once.
function run(callback, self, args) {
  try {
    Reflect.apply(callback, self, args);
  } catch (error) {
    uncaught(error);
  }
  settle();
}

function settle() {
  do {
    do {
      while (ticks.length) {
        const [callback, args] = ticks.shift();
        try {
          callback(...args);
        } catch (error) {
          uncaught(error);
        }
      }
      native.drain();
    } while (ticks.length);
  } while (rejections());
}

function rejected(promise, reason, heard) {
  if (!heard) {
    unheard.set(promise, reason);
  } else if (!unheard.delete(promise)) {
    nextTick(() => process.emit('rejectionHandled', promise));
  }
}

function rejections() {
  if (!unheard.size) return false;
  const all = [...unheard];
  unheard.clear();
  for (const [promise, reason] of all) {
    if (process.listenerCount('unhandledRejection')) {
      try {
        process.emit('unhandledRejection', reason, promise);
      } catch (error) {
        uncaught(error);
      }
    } else {
      uncaught(reason, true);
    }
  }
  return true;
}

function uncaught(error, rejection = false) {
  if (process.listenerCount('uncaughtException')) {
    process.emit('uncaughtException', error, rejection ? 'unhandledRejection' : 'uncaughtException');
    return;
  }
  require('internal/fatal')(error, rejection);
}

function runTimers() {
  const order = sequence;
  while (timers.length && timers[0].due <= now && timers[0].order <= order) {
    const timer = timers.shift();
    const { _onTimeout: callback, args } = timer;
    if (timer._repeat === null) timer._destroyed = true;
    run(callback, timer, args);
    if (timer._repeat !== null && !timer._destroyed && !timers.includes(timer)) {
      now = native.hrtime() / 1e6;
      schedule(timer);
    }
  }
}

function runCompletions() {
  const all = completions;
  completions = [];
  for (const [callback, args] of all) run(callback, undefined, args);
}

function runImmediates() {
  for (const immediate of [...immediates]) {
    if (immediates.delete(immediate)) run(immediate.callback, immediate, immediate.args);
  }
}

// Waits for the next timer or for a source; not at all where something else is due.
function poll() {
  const due = immediates.size || completions.length;
  const next = timers.length ? Math.max(0, timers[0].due - native.hrtime() / 1e6) : -1;
  const all = [...sources].filter((source) => source.wanted());
  if (all.length) {
    const ready = native.wait(due ? 0 : next, all.map((source) => [source.kind, source.number]));
    for (const index of ready) if (sources.has(all[index])) run(all[index].ready, all[index], []);
  } else if (!due && next > 0 && timers.some((timer) => timer.referenced)) {
    native.sleep(next);
  }
}

const alive = () =>
  completions.length > 0 || timers.some((timer) => timer.referenced) ||
  [...immediates].some((immediate) => immediate.referenced) ||
  [...sources].some((source) => source.wanted() && source.referenced !== false);

// Runs until nothing is left to do.
function turn() {
  settle();
  while (alive()) {
    now = native.hrtime() / 1e6;
    runTimers();
    runCompletions();
    poll();
    now = native.hrtime() / 1e6;
    runImmediates();
  }
}

module.exports = {
  setTimeout, clearTimeout: clear, setInterval, clearInterval: clear, setImmediate, clearImmediate, queueMicrotask,
  nextTick, later, turn, settle, busy: alive, uncaught, rejected, sources, Timeout, Immediate,
};
