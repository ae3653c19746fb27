// `stream/web`: streams as browsers have them, small: one that is read, one that is written, one between.
'use strict';

const { coded } = require('internal/errors');

const invalid = (text) => coded(TypeError, 'ERR_INVALID_STATE', `Invalid state: ${text}`);

class ReadableStream {
  #queue = [];
  #waiting = [];
  #source;
  #state = 'open';
  #error;
  #pulling = false;
  #reader;
  #started;
  constructor(source = {}) {
    this.#source = source;
    const controller = {
      enqueue: (chunk) => {
        if (this.#state !== 'open') throw invalid('Controller is already closed');
        const next = this.#waiting.shift();
        if (next) next.resolve({ value: chunk, done: false });
        else this.#queue.push(chunk);
      },
      close: () => {
        if (this.#state !== 'open') throw invalid('Controller is already closed');
        this.#state = 'closed';
        for (const next of this.#waiting.splice(0)) next.resolve({ value: undefined, done: true });
      },
      error: (error) => {
        this.#state = 'errored';
        this.#error = error;
        for (const next of this.#waiting.splice(0)) next.reject(error);
      },
      get desiredSize() { return 1; },
    };
    this.#started = Promise.resolve(source.start?.(controller)).then(() => controller);
    this.#started.catch((error) => controller.error(error));
  }
  static from(iterable) {
    const iterator = (iterable[Symbol.asyncIterator] ?? iterable[Symbol.iterator]).call(iterable);
    return new ReadableStream({
      async pull(controller) {
        const { value, done } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => iterator.return?.(reason),
    });
  }
  #read() {
    if (this.#queue.length) return Promise.resolve({ value: this.#queue.shift(), done: false });
    if (this.#state === 'closed') return Promise.resolve({ value: undefined, done: true });
    if (this.#state === 'errored') return Promise.reject(this.#error);
    const promise = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#pull();
    return promise;
  }
  #pull() {
    if (this.#pulling || !this.#source.pull || this.#state !== 'open') return;
    this.#pulling = true;
    this.#started.then(async (controller) => {
      try {
        await this.#source.pull(controller);
      } catch (error) {
        controller.error(error);
      }
      this.#pulling = false;
      if (this.#waiting.length) this.#pull();
    });
  }
  get locked() { return this.#reader !== undefined; }
  getReader() {
    if (this.#reader) throw invalid('ReadableStream is locked');
    const reader = {
      read: () => this.#read(),
      releaseLock: () => { this.#reader = undefined; },
      cancel: (reason) => this.#cancel(reason),
      closed: Promise.resolve(),
    };
    this.#reader = reader;
    return reader;
  }
  #cancel(reason) {
    this.#state = 'closed';
    this.#queue = [];
    return Promise.resolve(this.#source.cancel?.(reason)).then(() => undefined);
  }
  cancel(reason) { return this.locked ? Promise.reject(invalid('ReadableStream is locked')) : this.#cancel(reason); }
  async pipeTo(target, { preventClose } = {}) {
    const writer = target.getWriter();
    for await (const chunk of this) await writer.write(chunk);
    if (!preventClose) await writer.close();
    writer.releaseLock();
  }
  pipeThrough({ readable, writable }, options) {
    this.pipeTo(writable, options).catch(() => {});
    return readable;
  }
  tee() {
    const queues = [[], []];
    const read = this.getReader();
    const branch = (own) => new ReadableStream({
      async pull(controller) {
        if (!queues[own].length) {
          const next = read.read();
          queues[0].push(next);
          queues[1].push(next);
        }
        const { value, done } = await queues[own].shift();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    return [branch(0), branch(1)];
  }
  async *values({ preventCancel } = {}) {
    const reader = this.getReader();
    let whole = false;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) {
          whole = true;
          return;
        }
        yield value;
      }
    } finally {
      reader.releaseLock();
      if (!whole && !preventCancel) await this.#cancel();
    }
  }
  [Symbol.asyncIterator](options) { return this.values(options); }
  get [Symbol.toStringTag]() { return 'ReadableStream'; }
}

class WritableStream {
  #sink;
  #last;
  #writer;
  constructor(sink = {}) {
    this.#sink = sink;
    this.controller = { error: (error) => { this.#last = Promise.reject(error); this.#last.catch(() => {}); } };
    Object.defineProperty(this, 'controller', { enumerable: false });
    this.#last = Promise.resolve(sink.start?.(this.controller));
  }
  get locked() { return this.#writer !== undefined; }
  getWriter() {
    if (this.#writer) throw invalid('WritableStream is locked');
    const then = (act) => {
      this.#last = this.#last.then(act);
      this.#last.catch(() => {});
      return this.#last;
    };
    this.#writer = {
      write: (chunk) => then(() => this.#sink.write?.(chunk, this.controller)),
      close: () => then(() => this.#sink.close?.()),
      abort: (reason) => then(() => this.#sink.abort?.(reason)),
      releaseLock: () => { this.#writer = undefined; },
      ready: Promise.resolve(), closed: this.#last, desiredSize: 1,
    };
    return this.#writer;
  }
  close() { return this.getWriter().close(); }
  abort(reason) { return this.getWriter().abort(reason); }
  get [Symbol.toStringTag]() { return 'WritableStream'; }
}

class TransformStream {
  constructor(transformer = {}) {
    let controller;
    this.readable = new ReadableStream({ start(own) { controller = own; } });
    controller.terminate = () => controller.close();
    this.writable = new WritableStream({
      start: () => transformer.start?.(controller),
      write: (chunk) => (transformer.transform ? transformer.transform(chunk, controller) : controller.enqueue(chunk)),
      close: async () => { await transformer.flush?.(controller); controller.close(); },
      abort: (reason) => controller.error(reason),
    });
  }
  get [Symbol.toStringTag]() { return 'TransformStream'; }
}

class TextDecoderStream extends TransformStream {
  constructor(label, options) {
    const decoder = new TextDecoder(label, options);
    super({
      transform(chunk, controller) { const text = decoder.decode(chunk, { stream: true }); if (text) controller.enqueue(text); },
      flush(controller) { const text = decoder.decode(); if (text) controller.enqueue(text); },
    });
  }
}

class TextEncoderStream extends TransformStream {
  constructor() {
    const encoder = new TextEncoder();
    super({ transform(chunk, controller) { controller.enqueue(encoder.encode(chunk)); } });
  }
}

module.exports = { ReadableStream, WritableStream, TransformStream, TextDecoderStream, TextEncoderStream };
