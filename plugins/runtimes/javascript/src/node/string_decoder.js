// `string_decoder`: bytes that come in pieces, as text.
'use strict';

const { Buffer } = require('buffer');
const { open } = require('internal/encoding');
const { coded } = require('internal/errors');

class StringDecoder {
  #left = Buffer.alloc(0);
  constructor(encoding = 'utf8') {
    if (!Buffer.isEncoding(encoding)) throw coded(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
    const lower = encoding.toLowerCase();
    this.encoding = { 'utf-8': 'utf8', binary: 'latin1', ucs2: 'utf16le', 'ucs-2': 'utf16le', 'utf-16le': 'utf16le' }[lower] ?? lower;
  }
  write(bytes) {
    if (typeof bytes === 'string') return bytes;
    const all = this.#left.length ? Buffer.concat([this.#left, bytes]) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = all.length - this.#pending(all);
    this.#left = Buffer.from(all.subarray(whole));
    return all.toString(this.encoding, 0, whole);
  }
  end(bytes) {
    const text = bytes === undefined ? '' : this.write(bytes);
    const rest = this.#left.toString(this.encoding);
    this.#left = Buffer.alloc(0);
    // However many bytes a broken letter has, it is one.
    return text + (this.encoding === 'utf8' && rest ? '\ufffd' : rest);
  }
  #pending(bytes) {
    if (this.encoding === 'utf8') return open(bytes, 'utf-8');
    if (this.encoding === 'utf16le') return bytes.length % 2;
    return this.encoding.startsWith('base64') ? bytes.length % 3 : 0;
  }
}

module.exports = { StringDecoder };
