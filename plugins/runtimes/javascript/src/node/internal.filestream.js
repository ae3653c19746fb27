// Streams from and to files.
'use strict';

const fs = require('fs');
const { Readable, Writable } = require('internal/stream');

const opened = (stream, file, flags, mode, done) => {
  try {
    stream.fd = fs.openSync(file, flags, mode);
  } catch (error) {
    return done(error);
  }
  stream.pending = false;
  done();
  process.nextTick(() => { stream.emit('open', stream.fd); stream.emit('ready'); });
  return undefined;
};

const closed = (stream, given, error, done) => {
  const fd = stream.fd;
  stream.fd = null;
  if (fd !== null && fd !== undefined && given.autoClose !== false) {
    try {
      fs.closeSync(fd);
    } catch (failure) {
      error ??= failure;
    }
  }
  done(error);
};

const settings = (options) => (typeof options === 'string' ? { encoding: options } : { ...options });

function reading(file, options) {
  const given = settings(options);
  let at = given.start;
  const stream = new Readable({
    highWaterMark: given.highWaterMark ?? 65536, encoding: given.encoding, signal: given.signal, emitClose: given.emitClose,
    construct(done) {
      if (given.fd !== undefined && given.fd !== null) {
        this.fd = typeof given.fd === 'object' ? given.fd.fd : given.fd;
        return done();
      }
      return opened(this, file, given.flags ?? 'r', given.mode, done);
    },
    read(size) {
      require('internal/loop').later(() => {
        if (this.destroyed) return;
        const left = given.end === undefined || given.end === Infinity ? size : Math.min(size, given.end - (at ?? this.bytesRead) + 1);
        if (left <= 0) return this.push(null);
        const buffer = Buffer.allocUnsafe(left);
        let count;
        try {
          count = fs.readSync(this.fd, buffer, 0, left, at ?? null);
        } catch (error) {
          return this.destroy(error);
        }
        if (at !== undefined) at += count;
        this.bytesRead += count;
        return this.push(count ? buffer.subarray(0, count) : null);
      });
    },
    destroy(error, done) { closed(this, given, error, done); },
  });
  return Object.assign(stream, { path: file, fd: stream.fd ?? null, bytesRead: 0, pending: stream.fd === undefined, flags: given.flags ?? 'r', close(callback) { if (callback) this.once('close', callback); this.destroy(); } });
}

function writing(file, options) {
  const given = settings(options);
  let at = given.start;
  const stream = new Writable({
    highWaterMark: given.highWaterMark, defaultEncoding: given.encoding, signal: given.signal, decodeStrings: true,
    construct(done) {
      if (given.fd !== undefined && given.fd !== null) {
        this.fd = typeof given.fd === 'object' ? given.fd.fd : given.fd;
        return done();
      }
      return opened(this, file, given.flags ?? 'w', given.mode, done);
    },
    write(chunk, encoding, done) {
      let failure;
      try {
        const count = fs.writeSync(this.fd, chunk, 0, chunk.length, at ?? null);
        if (at !== undefined) at += count;
        this.bytesWritten += count;
      } catch (error) {
        failure = error;
      }
      require('internal/loop').later(done, failure);
    },
    destroy(error, done) { closed(this, given, error, done); },
  });
  return Object.assign(stream, { path: file, fd: stream.fd ?? null, bytesWritten: 0, pending: stream.fd === undefined, flags: given.flags ?? 'w', close(callback) { if (callback) this.once('close', callback); this.end(); } });
}

module.exports = { reading, writing };
