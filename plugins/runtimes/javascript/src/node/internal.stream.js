// Streams: what is read, written or both, a piece at a time, no faster than it is taken.
'use strict';

const EventEmitter = require('events');
const { coded, wrongType } = require('internal/errors');

const nextTick = (...args) => process.nextTick(...args);

function Stream(options) {
  EventEmitter.call(this, options);
}
Object.setPrototypeOf(Stream.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Stream, EventEmitter);
Stream.prototype.pipe = function (target) {
  this.on('data', (chunk) => { if (target.write(chunk) === false) this.pause?.(); });
  target.on('drain', () => this.resume?.());
  this.on('end', () => target.end());
  target.emit('pipe', this);
  return target;
};

const water = (options, own, object) => options?.[own] ?? options?.highWaterMark ?? (object ? 16 : 16384);
const bytes = (value) => (value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value);

function aborted(reason) {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted', reason === undefined ? undefined : { cause: reason });
  error.name = 'AbortError';
  return error;
}

// What readable and writable streams share: their beginning and their end.
function common(stream, options) {
  if (options) {
    for (const [name, own] of [['read', '_read'], ['write', '_write'], ['writev', '_writev'], ['final', '_final'], ['destroy', '_destroy'], ['construct', '_construct'], ['transform', '_transform'], ['flush', '_flush']]) {
      if (typeof options[name] === 'function') stream[own] = options[name];
    }
  }
  const state = {
    destroyed: false, closed: false, errored: null, constructed: true, emitClose: options?.emitClose !== false,
    autoDestroy: options?.autoDestroy !== false, waiting: [],
  };
  Object.defineProperty(stream, '_state', { value: state, enumerable: false, configurable: true });
  if (options?.signal) {
    const abort = () => stream.destroy(aborted(options.signal.reason));
    if (options.signal.aborted) nextTick(abort);
    else options.signal.addEventListener('abort', abort, { once: true });
  }
  if (typeof stream._construct === 'function') {
    state.constructed = false;
    nextTick(() => {
      let called = false;
      const done = (error) => {
        if (called) return;
        called = true;
        state.constructed = true;
        if (error) stream.destroy(error);
        else for (const next of state.waiting.splice(0)) next();
      };
      try {
        stream._construct(done);
      } catch (error) {
        done(error);
      }
    });
  }
  return state;
}

function destroy(error, callback) {
  const state = this._state;
  if (state.destroyed) {
    callback?.(error);
    return this;
  }
  state.destroyed = true;
  if (error) {
    state.errored = error;
    if (this._writableState) this._writableState.errored ??= error;
    if (this._readableState) this._readableState.errored ??= error;
  }
  const finish = () => {
    let called = false;
    const done = (failure) => {
      if (called) return;
      called = true;
      failure ??= error;
      if (failure) state.errored ??= failure;
      callback?.(failure);
      nextTick(() => {
        state.closed = true;
        if (failure && !state.told) {
          state.told = true;
          this.emit('error', failure);
        }
        if (state.emitClose) this.emit('close');
      });
    };
    try {
      this._destroy(error ?? null, done);
    } catch (failure) {
      done(failure);
    }
  };
  if (state.constructed) finish();
  else state.waiting.push(finish);
  return this;
}

function Readable(options) {
  if (!(this instanceof Readable)) return new Readable(options);
  Stream.call(this, options);
  readable(this, options);
  if (!this._state) common(this, options);
  return this;
}
Object.setPrototypeOf(Readable.prototype, Stream.prototype);
Object.setPrototypeOf(Readable, Stream);

function readable(stream, options) {
  const objectMode = !!(options?.objectMode || options?.readableObjectMode);
  stream._readableState = {
    objectMode, highWaterMark: water(options, 'readableHighWaterMark', objectMode), buffer: [], length: 0, flowing: null,
    ended: false, endEmitted: false, reading: false, sync: false, needReadable: false, readableListening: false,
    resumeScheduled: false, pipes: [], decoder: null, encoding: null, errored: null, paused: false, dataEmitted: false,
  };
  Object.defineProperty(stream, '_readableState', { enumerable: false });
  if (options?.encoding) stream.setEncoding(options.encoding);
}

const readableMethods = {
  _read() { throw coded(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The _read() method is not implemented'); },
  _destroy(error, done) { done(error); },
  destroy,
  push(chunk, encoding) { return add(this, chunk, encoding, false); },
  unshift(chunk, encoding) { return add(this, chunk, encoding, true); },
  setEncoding(encoding) {
    const { StringDecoder } = require('string_decoder');
    const state = this._readableState;
    state.decoder = new StringDecoder(encoding);
    state.encoding = state.decoder.encoding;
    const text = state.buffer.map((chunk) => state.decoder.write(chunk)).join('');
    state.buffer = text ? [text] : [];
    state.length = text.length;
    return this;
  },
  read(size) {
    const state = this._readableState;
    if (size !== undefined) size = Number(size) || 0;
    if (size === 0 && state.needReadable && (state.length >= state.highWaterMark || state.ended)) {
      if (state.length === 0 && state.ended) ended(this);
      else told(this);
      return null;
    }
    if (state.length === 0 && state.ended) {
      ended(this);
      return null;
    }
    const before = state.length;
    const enough = size === undefined ? state.flowing && before ? before : before : size;
    if (!state.ended && !state.reading && !this._state.destroyed && (before - (enough || 0) < state.highWaterMark || before === 0)) {
      fetch(this);
    }
    let chunk = null;
    if (size !== 0 && state.length > 0) {
      if (size !== undefined && size > state.length && !state.objectMode) {
        chunk = state.ended ? taken(state, state.length) : null;
      } else {
        chunk = taken(state, state.objectMode ? 1 : size ?? (state.flowing ? state.buffer[0].length : state.length));
      }
    }
    if (state.length === 0) {
      if (!state.ended) state.needReadable = true;
      else if (chunk !== null || before > 0) ended(this);
    }
    if (chunk === null) state.needReadable = true;
    else if (!state.errored) {
      state.dataEmitted = true;
      this.emit('data', chunk);
    }
    return chunk;
  },
  on(name, listener) {
    Stream.prototype.on.call(this, name, listener);
    const state = this._readableState;
    if (name === 'data') {
      state.readableListening = this.listenerCount('readable') > 0;
      if (state.flowing !== false) this.resume();
    } else if (name === 'readable' && !state.endEmitted && !state.readableListening) {
      state.readableListening = true;
      state.needReadable = true;
      state.flowing = false;
      if (state.length) told(this);
      else if (!state.reading) nextTick(() => this.read(0));
    }
    return this;
  },
  removeListener(name, listener) {
    Stream.prototype.removeListener.call(this, name, listener);
    if (name === 'readable' && this.listenerCount('readable') === 0) {
      this._readableState.readableListening = false;
      if (this.listenerCount('data') > 0) nextTick(() => this.resume());
    }
    return this;
  },
  resume() {
    const state = this._readableState;
    state.paused = false;
    if (!state.flowing) {
      state.flowing = !state.readableListening;
      if (!state.resumeScheduled) {
        state.resumeScheduled = true;
        nextTick(() => {
          state.resumeScheduled = false;
          if (!state.reading) this.read(0);
          this.emit('resume');
          flow(this);
          if (state.flowing && !state.reading) this.read(0);
        });
      }
    }
    return this;
  },
  pause() {
    const state = this._readableState;
    if (state.flowing !== false) {
      state.flowing = false;
      this.emit('pause');
    }
    state.paused = true;
    return this;
  },
  isPaused() { return this._readableState.paused || this._readableState.flowing === false; },
  pipe(target, options) {
    const state = this._readableState;
    const pump = {
      target,
      data: (chunk) => {
        if (target.write(chunk) === false) {
          this.pause();
          if (!pump.drain) {
            pump.drain = () => { pump.drain = undefined; if (state.pipes.includes(pump)) flowAgain(this); };
            target.once('drain', pump.drain);
          }
        }
      },
      end: () => target.end(),
      stop: () => this.unpipe(target),
      failed: (error) => {
        this.unpipe(target);
        if (target.listenerCount('error') === 0) target.emit('error', error);
      },
    };
    state.pipes.push(pump);
    this.on('data', pump.data);
    if (options?.end !== false && target !== process.stdout && target !== process.stderr) {
      if (state.endEmitted) nextTick(pump.end);
      else this.once('end', pump.end);
    }
    target.prependListener('error', pump.failed);
    target.once('close', pump.stop);
    target.emit('pipe', this);
    if (!state.flowing) this.resume();
    return target;
  },
  unpipe(target) {
    const state = this._readableState;
    for (const pump of state.pipes.filter((one) => target === undefined || one.target === target)) {
      state.pipes.splice(state.pipes.indexOf(pump), 1);
      this.removeListener('data', pump.data);
      this.removeListener('end', pump.end);
      pump.target.removeListener('close', pump.stop);
      pump.target.removeListener('error', pump.failed);
      if (pump.drain) pump.target.removeListener('drain', pump.drain);
      pump.target.emit('unpipe', this);
    }
    if (!state.pipes.length && this.listenerCount('data') === 0) this.pause();
    return this;
  },
  wrap(old) {
    old.on('data', (chunk) => { if (!this.push(chunk)) old.pause(); });
    old.on('end', () => this.push(null));
    old.on('error', (error) => this.destroy(error));
    this._read = () => old.resume();
    return this;
  },
  iterator(options) { return iterate(this, options); },
  [Symbol.asyncIterator]() { return iterate(this); },
  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    if (!this.destroyed) this.destroy(this.readableEnded ? undefined : aborted());
    return new Promise((resolve) => finished(this, () => resolve()));
  },
  // Helpers as arrays have them, over what is read.
  map(act) { const source = this; return Readable.from((async function* () { for await (const each of source) yield await act(each); })()); },
  filter(test) { const source = this; return Readable.from((async function* () { for await (const each of source) if (await test(each)) yield each; })()); },
  flatMap(act) { const source = this; return Readable.from((async function* () { for await (const each of source) yield* await act(each); })()); },
  take(count) { const source = this; return Readable.from((async function* () { if (count <= 0) return; for await (const each of source) { yield each; if (--count <= 0) return; } })()); },
  drop(count) { const source = this; return Readable.from((async function* () { for await (const each of source) if (count-- <= 0) yield each; })()); },
  async toArray() { const all = []; for await (const each of this) all.push(each); return all; },
  async forEach(act) { for await (const each of this) await act(each); },
  async some(test) { for await (const each of this) if (await test(each)) return true; return false; },
  async every(test) { for await (const each of this) if (!(await test(each))) return false; return true; },
  async find(test) { for await (const each of this) if (await test(each)) return each; return undefined; },
  async reduce(act, ...initial) {
    let [sum] = initial;
    let begun = initial.length > 0;
    for await (const each of this) {
      sum = begun ? await act(sum, each) : each;
      begun = true;
    }
    if (!begun) throw new TypeError('Reduce of an empty stream requires an initial value');
    return sum;
  },
};

function add(stream, chunk, encoding, front) {
  const state = stream._readableState;
  if (!front) state.reading = false;
  if (chunk === null) {
    if (!state.ended) {
      state.ended = true;
      const rest = state.decoder?.end();
      if (rest) {
        state.buffer.push(rest);
        state.length += state.objectMode ? 1 : rest.length;
      }
      if (state.sync || state.readableListening) told(stream);
      else {
        told(stream);
        flow(stream);
      }
    }
    return false;
  }
  if (!state.objectMode) {
    if (typeof chunk === 'string') {
      if (state.encoding && (encoding ?? 'utf8') === state.encoding) { /* it is as it is wanted */ } else chunk = Buffer.from(chunk, encoding);
    } else if (!(chunk instanceof Uint8Array)) {
      stream.destroy(wrongType('chunk', 'of type string or an instance of Buffer, TypedArray, or DataView', chunk));
      return false;
    } else {
      chunk = bytes(chunk);
    }
    if (state.decoder && typeof chunk !== 'string') chunk = state.decoder.write(chunk);
    if (chunk.length === 0) {
      if (!front && !state.sync) nextTick(() => more(stream));
      return state.length < state.highWaterMark;
    }
  }
  if (state.ended && !front) {
    stream.destroy(coded(Error, 'ERR_STREAM_PUSH_AFTER_EOF', 'stream.push() after EOF'));
    return false;
  }
  if (stream._state?.destroyed) return false;
  if (!front && state.flowing && state.length === 0 && !state.sync && stream.listenerCount('data') > 0) {
    state.dataEmitted = true;
    stream.emit('data', chunk);
  } else {
    state.length += state.objectMode ? 1 : chunk.length;
    if (front) state.buffer.unshift(chunk);
    else state.buffer.push(chunk);
    if (state.needReadable || state.flowing) told(stream);
  }
  if (!front) nextTick(() => more(stream));
  return state.length < state.highWaterMark;
}

// Asks for more while there is room for it and somebody who wants it.
function more(stream) {
  const state = stream._readableState;
  if (!state.reading && !state.ended && !stream._state.destroyed && (state.length < state.highWaterMark || (state.flowing && state.length === 0))) {
    if (state.flowing || state.readableListening || state.length > 0) stream.read(0);
  }
}

function fetch(stream) {
  const state = stream._readableState;
  if (!stream._state.constructed) {
    if (!state.queued) {
      state.queued = true;
      stream._state.waiting.push(() => { state.queued = false; if (!stream._state.destroyed) stream.read(0); });
    }
    return;
  }
  state.reading = true;
  state.sync = true;
  if (state.length === 0) state.needReadable = true;
  try {
    stream._read(state.highWaterMark);
  } catch (error) {
    stream.destroy(error);
  }
  state.sync = false;
}

function taken(state, count) {
  if (state.objectMode) {
    state.length -= 1;
    return state.buffer.shift();
  }
  if (count >= state.length) {
    const all = state.buffer;
    state.buffer = [];
    state.length = 0;
    if (all.length === 1) return all[0];
    return state.decoder ? all.join('') : Buffer.concat(all);
  }
  const parts = [];
  let left = count;
  while (left > 0) {
    const first = state.buffer[0];
    if (first.length <= left) {
      parts.push(state.buffer.shift());
      left -= first.length;
    } else {
      parts.push(typeof first === 'string' ? first.slice(0, left) : first.subarray(0, left));
      state.buffer[0] = typeof first === 'string' ? first.slice(left) : first.subarray(left);
      left = 0;
    }
  }
  state.length -= count;
  return state.decoder ? parts.join('') : parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function told(stream) {
  const state = stream._readableState;
  state.needReadable = false;
  if (state.tellScheduled) return;
  state.tellScheduled = true;
  nextTick(() => {
    state.tellScheduled = false;
    if (!stream._state.destroyed && !state.errored && (state.length > 0 || state.ended)) {
      if (state.readableListening) stream.emit('readable');
      state.needReadable = !state.flowing && !state.ended && state.length <= state.highWaterMark;
    }
    flow(stream);
  });
}

function flow(stream) {
  const state = stream._readableState;
  while (state.flowing && !stream._state.destroyed && stream.read() !== null);
  if (state.ended && state.length === 0 && state.flowing) ended(stream);
}

function flowAgain(stream) {
  stream._readableState.flowing = true;
  stream._readableState.paused = false;
  flow(stream);
  if (!stream._readableState.reading) stream.read(0);
}

function ended(stream) {
  const state = stream._readableState;
  if (state.endEmitted || state.endScheduled) return;
  state.endScheduled = true;
  nextTick(() => {
    state.endScheduled = false;
    if (state.endEmitted || state.length || state.errored || stream._state.destroyed) return;
    state.endEmitted = true;
    stream.emit('end');
    const write = stream._writableState;
    if (write && stream.allowHalfOpen === false) stream.end();
    else if (stream._state.autoDestroy && (!write || write.finished)) stream.destroy();
  });
}

async function* iterate(stream, options) {
  let wake;
  const next = () => { wake?.(); };
  stream.on('readable', next);
  let failure;
  let over = false;
  const stop = finished(stream, { writable: false }, (error) => {
    failure = error;
    over = true;
    next();
  });
  try {
    for (;;) {
      const chunk = stream.destroyed ? null : stream.read();
      if (chunk !== null) {
        yield chunk;
      } else if (failure) {
        throw failure;
      } else if (over) {
        return;
      } else {
        await new Promise((resolve) => { wake = resolve; });
        wake = undefined;
      }
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    stop();
    stream.removeListener('readable', next);
    if (options?.destroyOnReturn !== false && !stream.destroyed && (failure || stream._state?.autoDestroy !== false)) stream.destroy(failure && !over ? failure : undefined);
  }
}

Readable.from = (iterable, options) => {
  if (typeof iterable === 'string' || iterable instanceof Uint8Array) {
    return new Readable({ objectMode: true, ...options, read() { this.push(iterable); this.push(null); } });
  }
  const make = iterable?.[Symbol.asyncIterator] ?? iterable?.[Symbol.iterator];
  if (typeof make !== 'function') throw wrongType('iterable', 'an instance of Iterable', iterable);
  const iterator = make.call(iterable);
  let busy = false;
  return new Readable({
    objectMode: true, highWaterMark: 1, ...options,
    async read() {
      if (busy) return;
      busy = true;
      try {
        for (;;) {
          const { value, done } = await iterator.next();
          if (done) {
            this.push(null);
            return;
          }
          const each = await value;
          if (each === null) throw coded(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
          if (!this.push(each)) break;
        }
      } catch (error) {
        this.destroy(error);
      } finally {
        busy = false;
      }
    },
    destroy(error, done) {
      Promise.resolve(iterator.return?.()).then(() => done(error), (failure) => done(error ?? failure));
    },
  });
};
Readable.fromWeb = (web, options) => Readable.from(web, options);
Readable.toWeb = (stream) => require('stream/web').ReadableStream.from(stream);

function Writable(options) {
  if (!(this instanceof Writable)) return new Writable(options);
  Stream.call(this, options);
  writable(this, options);
  if (!this._state) common(this, options);
  return this;
}
Object.setPrototypeOf(Writable.prototype, Stream.prototype);
Object.setPrototypeOf(Writable, Stream);
Object.defineProperty(Writable, Symbol.hasInstance, {
  value(object) {
    if (Function.prototype[Symbol.hasInstance].call(this, object)) return true;
    return this === Writable && object?._writableState !== undefined && object instanceof Stream;
  },
});

function writable(stream, options) {
  const objectMode = !!(options?.objectMode || options?.writableObjectMode);
  stream._writableState = {
    objectMode, highWaterMark: water(options, 'writableHighWaterMark', objectMode), buffer: [], length: 0, writing: false,
    ending: false, ended: false, finished: false, needDrain: false, corked: 0, finalCalled: false, errored: null,
    decodeStrings: options?.decodeStrings !== false, defaultEncoding: options?.defaultEncoding ?? 'utf8', ends: [],
  };
  Object.defineProperty(stream, '_writableState', { enumerable: false });
}

const writableMethods = {
  _write(chunk, encoding, done) {
    if (this._writev) this._writev([{ chunk, encoding }], done);
    else throw coded(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The _write() method is not implemented');
  },
  _destroy(error, done) { done(error); },
  destroy,
  write(chunk, encoding, done) {
    const state = this._writableState;
    if (typeof encoding === 'function') [encoding, done] = [undefined, encoding];
    encoding ||= state.defaultEncoding;
    if (chunk === null) throw coded(TypeError, 'ERR_STREAM_NULL_VALUES', 'May not write null values to stream');
    if (!state.objectMode) {
      if (typeof chunk === 'string') {
        if (state.decodeStrings) [chunk, encoding] = [Buffer.from(chunk, encoding), 'buffer'];
      } else if (chunk instanceof Uint8Array) {
        [chunk, encoding] = [bytes(chunk), 'buffer'];
      } else {
        throw wrongType('chunk', 'of type string or an instance of Buffer, TypedArray, or DataView', chunk);
      }
    }
    let error;
    if (state.ending) error = coded(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end');
    else if (this._state.destroyed) error = coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
    if (error) {
      nextTick(() => done?.(error));
      if (state.ending) this.destroy(error);
      return false;
    }
    state.length += state.objectMode ? 1 : chunk.length;
    const room = state.length < state.highWaterMark;
    if (!room) state.needDrain = true;
    state.buffer.push({ chunk, encoding, done });
    pump(this);
    return room && !state.errored && !this._state.destroyed;
  },
  cork() { this._writableState.corked++; },
  uncork() {
    const state = this._writableState;
    if (state.corked && --state.corked === 0) pump(this);
  },
  setDefaultEncoding(encoding) {
    this._writableState.defaultEncoding = encoding;
    return this;
  },
  end(chunk, encoding, done) {
    const state = this._writableState;
    if (typeof chunk === 'function') [chunk, done] = [undefined, chunk];
    else if (typeof encoding === 'function') [encoding, done] = [undefined, encoding];
    if (chunk !== undefined && chunk !== null) this.write(chunk, encoding);
    if (state.corked) {
      state.corked = 1;
      this.uncork();
    }
    let error;
    if (state.finished) error = coded(Error, 'ERR_STREAM_ALREADY_FINISHED', 'Cannot call end after a stream was finished');
    else if (this._state.destroyed) error = coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call end after a stream was destroyed');
    if (!error && !state.ending) {
      state.ending = true;
      state.ended = true;
      finish(this);
    }
    if (done) {
      if (error) nextTick(done, error);
      else state.ends.push(done);
    }
    return this;
  },
};

function pump(stream) {
  const state = stream._writableState;
  if (state.writing || state.corked || stream._state.destroyed) return;
  if (!stream._state.constructed) {
    if (!state.queued) {
      state.queued = true;
      stream._state.waiting.push(() => { state.queued = false; pump(stream); finish(stream); });
    }
    return;
  }
  if (!state.buffer.length) return;
  const batch = stream._writev && state.buffer.length > 1 ? state.buffer.splice(0) : [state.buffer.shift()];
  const length = batch.reduce((sum, { chunk }) => sum + (state.objectMode ? 1 : chunk.length), 0);
  state.writing = true;
  let sync = true;
  let called = false;
  const done = (error) => {
    if (called) {
      stream.destroy(coded(Error, 'ERR_MULTIPLE_CALLBACK', 'Callback called multiple times'));
      return;
    }
    called = true;
    state.writing = false;
    state.length -= length;
    if (error) {
      state.errored ??= error;
      const rest = [...batch, ...state.buffer.splice(0)];
      nextTick(() => { for (const each of rest) each.done?.(error); });
      stream.destroy(error);
      return;
    }
    const after = () => {
      if (state.needDrain && state.length === 0 && !state.ending && !stream._state.destroyed) {
        state.needDrain = false;
        stream.emit('drain');
      }
      for (const each of batch) each.done?.(null);
      finish(stream);
    };
    if (state.buffer.length && !sync) pump(stream);
    if (sync) nextTick(() => { pump(stream); after(); });
    else after();
  };
  try {
    if (batch.length > 1) stream._writev(batch.map(({ chunk, encoding }) => ({ chunk, encoding })), done);
    else stream._write(batch[0].chunk, batch[0].encoding, done);
  } catch (error) {
    stream.destroy(error);
  }
  sync = false;
}

function finish(stream) {
  const state = stream._writableState;
  if (!state.ending || state.finished || state.writing || state.buffer.length || stream._state.destroyed || !stream._state.constructed) return;
  if (!state.finalCalled) {
    state.finalCalled = true;
    const done = (error) => {
      if (error) {
        for (const end of state.ends.splice(0)) nextTick(end, error);
        stream.destroy(error);
        return;
      }
      state.prefinished = true;
      stream.emit('prefinish');
      nextTick(() => finish(stream));
    };
    if (typeof stream._final === 'function') {
      nextTick(() => {
        try {
          stream._final(done);
        } catch (error) {
          done(error);
        }
      });
    } else {
      done();
    }
    return;
  }
  if (!state.prefinished) return;
  state.finished = true;
  stream.emit('finish');
  for (const end of state.ends.splice(0)) end();
  const read = stream._readableState;
  if (stream._state.autoDestroy && (!read || read.endEmitted)) stream.destroy();
}

function Duplex(options) {
  if (!(this instanceof Duplex)) return new Duplex(options);
  Stream.call(this, options);
  readable(this, options);
  writable(this, options);
  this.allowHalfOpen = options?.allowHalfOpen !== false;
  if (!this._state) common(this, options);
  if (options?.readable === false) {
    this._readableState.ended = this._readableState.endEmitted = true;
  }
  if (options?.writable === false) {
    this._writableState.ending = this._writableState.ended = this._writableState.finished = true;
  }
  return this;
}
Object.setPrototypeOf(Duplex.prototype, Readable.prototype);
Object.setPrototypeOf(Duplex, Readable);

function Transform(options) {
  if (!(this instanceof Transform)) return new Transform(options);
  Duplex.call(this, options);
  this._readableState.sync = false;
  Object.defineProperty(this, '_pending', { value: null, writable: true, enumerable: false });
  return this;
}
Object.setPrototypeOf(Transform.prototype, Duplex.prototype);
Object.setPrototypeOf(Transform, Duplex);
Object.assign(Transform.prototype, {
  _transform() { throw coded(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The _transform() method is not implemented'); },
  _write(chunk, encoding, done) {
    this._transform(chunk, encoding, (error, value) => {
      if (error) {
        done(error);
        return;
      }
      if (value !== undefined && value !== null) this.push(value);
      const state = this._readableState;
      if (state.ended || state.length < state.highWaterMark) done();
      else this._pending = done;
    });
  },
  _read() {
    const next = this._pending;
    this._pending = null;
    next?.();
    // Nothing is under way where nothing was written: who writes next may push.
    if (!next) this._readableState.reading = false;
  },
  _final(done) {
    const last = (error, value) => {
      if (!error) {
        if (value !== undefined && value !== null) this.push(value);
        this.push(null);
      }
      done(error);
    };
    if (typeof this._flush === 'function') this._flush(last);
    else last();
  },
});

function PassThrough(options) {
  if (!(this instanceof PassThrough)) return new PassThrough(options);
  Transform.call(this, options);
  return this;
}
Object.setPrototypeOf(PassThrough.prototype, Transform.prototype);
Object.setPrototypeOf(PassThrough, Transform);
PassThrough.prototype._transform = (chunk, encoding, done) => done(null, chunk);

const define = (target, methods) => {
  for (const name of Reflect.ownKeys(methods)) {
    Object.defineProperty(target, name, { value: methods[name], writable: true, configurable: true, enumerable: true });
  }
};
define(Readable.prototype, readableMethods);
Readable.prototype.addListener = Readable.prototype.on;
Readable.prototype.off = Readable.prototype.removeListener;
define(Writable.prototype, writableMethods);
for (const name of Object.keys(writableMethods)) {
  if (!['_destroy', 'destroy'].includes(name) && !Object.hasOwn(Transform.prototype, name)) Duplex.prototype[name] = writableMethods[name];
}

const getters = (prototype, all) => {
  for (const [name, get] of Object.entries(all)) Object.defineProperty(prototype, name, { get, set() {}, configurable: true, enumerable: false });
};
const shared = {
  destroyed() { return this._state?.destroyed ?? false; }, closed() { return this._state?.closed ?? false; },
  errored() { return this._state?.errored ?? null; },
};
const readableGetters = {
  ...shared,
  readable() { return !this._state?.destroyed && !this._readableState.endEmitted && !this._readableState.errored; },
  readableEnded() { return this._readableState.endEmitted; }, readableFlowing() { return this._readableState.flowing; },
  readableLength() { return this._readableState.length; }, readableHighWaterMark() { return this._readableState.highWaterMark; },
  readableObjectMode() { return this._readableState.objectMode; }, readableEncoding() { return this._readableState.encoding; },
  readableDidRead() { return this._readableState.dataEmitted; }, readableAborted() { return this._state.destroyed && !this._readableState.endEmitted; },
};
const writableGetters = {
  writable() { return !this._state?.destroyed && !this._writableState.ending && !this._writableState.errored; },
  writableEnded() { return this._writableState.ending; }, writableFinished() { return this._writableState.finished; },
  writableLength() { return this._writableState.length; }, writableHighWaterMark() { return this._writableState.highWaterMark; },
  writableObjectMode() { return this._writableState.objectMode; }, writableNeedDrain() { return this._writableState.needDrain; },
  writableCorked() { return this._writableState.corked; },
};
getters(Readable.prototype, readableGetters);
getters(Writable.prototype, { ...shared, ...writableGetters });
getters(Duplex.prototype, writableGetters);

// Calls back once a stream is over, well or not.
function finished(stream, options, callback) {
  if (typeof options === 'function') [options, callback] = [{}, options];
  const read = options.readable !== false && stream._readableState !== undefined;
  const write = options.writable !== false && stream._writableState !== undefined;
  let called = false;
  const done = (error) => {
    if (called) return;
    called = true;
    stop();
    callback.call(stream, error);
  };
  const over = () => (!read || stream._readableState.endEmitted) && (!write || stream._writableState.finished);
  const check = () => { if (over()) done(); };
  const failed = (error) => done(error);
  const closed = () => {
    if (over()) done();
    else done(stream._state?.errored ?? coded(Error, 'ERR_STREAM_PREMATURE_CLOSE', 'Premature close'));
  };
  const stop = () => {
    for (const [name, listener] of [['end', check], ['finish', check], ['error', failed], ['close', closed]]) stream.removeListener(name, listener);
  };
  stream.on('end', check);
  stream.on('finish', check);
  if (options.error !== false) stream.on('error', failed);
  stream.on('close', closed);
  if (stream._state?.closed) nextTick(closed);
  else if (stream._state?.errored) nextTick(() => done(stream._state.errored));
  else if (stream._state && over()) nextTick(check);
  options.signal?.addEventListener('abort', () => done(aborted(options.signal.reason)), { once: true });
  return stop;
}

// Connects streams, generators and functions, and ends them all together.
function pipeline(...streams) {
  const callback = typeof streams.at(-1) === 'function' && streams.length > 1 ? streams.pop() : undefined;
  if (Array.isArray(streams[0])) [streams] = streams;
  return piped(streams, callback ?? (() => {}), {});
}

function piped(streams, callback, options) {
  if (streams.length < 2) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "streams" argument must be specified');
  const isStream = (value) => value !== null && typeof value === 'object' && typeof value.on === 'function';
  const all = [];
  let failure;
  let open = 0;
  let value;
  const one = (error) => {
    if (error && (!failure || failure.code === 'ERR_STREAM_PREMATURE_CLOSE')) failure = error;
    if (error) for (const stream of all) if (!stream.destroyed) stream.destroy?.(error === failure ? error : undefined);
    if (--open === 0) nextTick(callback, failure, value);
  };
  const watch = (stream, settings) => {
    open++;
    all.push(stream);
    // Whoever destroys a stream here has its error in hand.
    stream.on('error', () => {});
    finished(stream, settings, one);
  };
  let last;
  streams.forEach((stage, index) => {
    const first = index === 0;
    const final = index === streams.length - 1;
    if (typeof stage === 'function') {
      const input = first ? { signal: options.signal } : last[Symbol.asyncIterator] ? last : Readable.from(last);
      const output = stage(input, { signal: options.signal });
      if (final) {
        open++;
        const result = output?.[Symbol.asyncIterator] ? (async () => { let end; for await (const each of output) end = each; return end; })() : Promise.resolve(output);
        result.then((own) => { value = own; one(); }, (error) => one(error));
        last = undefined;
        return;
      }
      last = Readable.from(output);
      watch(last, { writable: false });
      return;
    }
    if (!isStream(stage)) {
      last = Readable.from(stage);
      watch(last, { writable: false });
      return;
    }
    const standard = stage === process.stdout || stage === process.stderr;
    if (!first) {
      last.pipe(stage, { end: options.end });
      if (standard) {
        open++;
        finished(last, { writable: false }, one);
      }
    }
    if (!standard) watch(stage, { readable: !final, writable: !first });
    last = stage;
  });
  options.signal?.addEventListener('abort', () => {
    for (const stream of all) stream.destroy(aborted(options.signal.reason));
  }, { once: true });
  return last;
}

const promises = {
  pipeline: (...streams) => new Promise((resolve, reject) => {
    const last = streams.at(-1);
    const options = last && typeof last === 'object' && typeof last.on !== 'function' && !last[Symbol.asyncIterator] && !last[Symbol.iterator] ? streams.pop() : {};
    piped(Array.isArray(streams[0]) ? streams[0] : streams, (error, value) => (error ? reject(error) : resolve(value)), options);
  }),
  finished: (stream, options = {}) => new Promise((resolve, reject) => { finished(stream, options, (error) => (error ? reject(error) : resolve())); }),
};

Duplex.from = (source) => (source instanceof Duplex ? source : Readable.from(source));
pipeline[Symbol.for('nodejs.util.promisify.custom')] = promises.pipeline;
finished[Symbol.for('nodejs.util.promisify.custom')] = promises.finished;

module.exports = Object.assign(Stream, {
  Stream, Readable, Writable, Duplex, Transform, PassThrough, pipeline, finished, promises,
  addAbortSignal(signal, stream) {
    signal.addEventListener('abort', () => stream.destroy(aborted(signal.reason)), { once: true });
    return stream;
  },
  getDefaultHighWaterMark: (object) => (object ? 16 : 16384), setDefaultHighWaterMark() {},
  isReadable: (stream) => !!stream?.readable, isErrored: (stream) => !!stream?.errored, isDisturbed: (stream) => !!stream?.readableDidRead,
});
