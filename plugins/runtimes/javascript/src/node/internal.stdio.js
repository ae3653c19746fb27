// The standard streams of the process.
'use strict';

const { sources } = require('internal/loop');

function output(fd) {
  const { Writable } = require('internal/stream');
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, encoding, done) {
      let failure;
      try {
        put(chunk, encoding);
      } catch (error) {
        failure = require('internal/errors').translated(error, 'write');
      }
      done(failure);
    },
  });
  const put = (chunk, encoding) => {
    if (typeof chunk === 'string') {
      if (!encoding || encoding === 'utf8' || encoding === 'utf-8') native.writeText(fd, chunk);
      else native.write(fd, require('buffer').Buffer.from(chunk, encoding));
    } else {
      native.write(fd, chunk);
    }
  };
  // Output is never behind: what is written is out when `write` comes back, and stays open to the end.
  const slow = stream.write;
  stream.write = function (chunk, encoding, done) {
    if (typeof encoding === 'function') [encoding, done] = [undefined, encoding];
    if (this.writableEnded || !(typeof chunk === 'string' || ArrayBuffer.isView(chunk))) return slow.call(this, chunk, encoding, done);
    try {
      put(chunk, encoding?.toLowerCase());
    } catch (error) {
      const failure = require('internal/errors').translated(error, 'write');
      process.nextTick(() => (done ? done(failure) : this.emit('error', failure)));
      return false;
    }
    if (done) process.nextTick(done);
    return true;
  };
  stream.end = function (chunk, encoding, done) {
    if (typeof chunk === 'function') [chunk, done] = [undefined, chunk];
    else if (typeof encoding === 'function') [encoding, done] = [undefined, encoding];
    if (chunk !== undefined && chunk !== null) this.write(chunk, encoding);
    if (done) process.nextTick(done);
    return this;
  };
  stream.destroy = function () { return this; };
  return Object.assign(stream, { fd, _type: 'pipe', _isStdio: true });
}

function stdin() {
  const { Readable } = require('internal/stream');
  const source = { kind: 0, number: 0, asked: false, wanted: () => source.asked, referenced: true };
  const stream = new Readable({
    read() { source.asked = true; },
  });
  source.ready = () => {
    source.asked = false;
    const bytes = native.readInput(65536);
    if (bytes.byteLength === 0) {
      sources.delete(source);
      stream.push(null);
    } else {
      stream.push(require('buffer').Buffer.from(bytes));
    }
  };
  sources.add(source);
  return Object.assign(stream, {
    fd: 0,
    ref() { source.referenced = true; return this; },
    unref() { source.referenced = false; return this; },
  });
}

module.exports = { output, stdin };
