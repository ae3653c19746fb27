// `timers/promises`.
'use strict';

const timers = require('internal/loop');
const { coded } = require('internal/errors');

function aborted(signal) {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return error;
}

function timed(start, stop) {
  return (value, { signal, ref = true } = {}) => new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(signal));
      return;
    }
    const timer = start(() => resolve(value));
    if (!ref) timer.unref();
    signal?.addEventListener('abort', () => { stop(timer); reject(aborted(signal)); }, { once: true });
  });
}

const setTimeout = (delay, value, options) => timed((done) => timers.setTimeout(done, delay), timers.clearTimeout)(value, options);

module.exports = {
  setTimeout,
  setImmediate: timed(timers.setImmediate, timers.clearImmediate),
  async *setInterval(delay, value, options) {
    for (;;) {
      await setTimeout(delay, undefined, options);
      yield value;
    }
  },
  scheduler: { wait: (delay, options) => setTimeout(delay, undefined, options), yield: () => timed(timers.setImmediate, timers.clearImmediate)() },
};
