// TextEncoder and TextDecoder.
'use strict';

const { coded } = require('internal/errors');

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') { return new Uint8Array(native.encode(String(text), 'utf8')); }
  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const letter of String(text)) {
      const bytes = new Uint8Array(native.encode(letter, 'utf8'));
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      read += letter.length;
      written += bytes.length;
    }
    return { read, written };
  }
  get [Symbol.toStringTag]() { return 'TextEncoder'; }
}

const LABELS = {
  'utf-8': 'utf-8', utf8: 'utf-8', 'unicode-1-1-utf-8': 'utf-8', 'utf-16le': 'utf-16le', 'utf-16': 'utf-16le', 'ucs-2': 'utf-16le',
  latin1: 'windows-1252', 'iso-8859-1': 'windows-1252', ascii: 'windows-1252', 'us-ascii': 'windows-1252', 'windows-1252': 'windows-1252',
};
const HIGH = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

class TextDecoder {
  #left = new Uint8Array(0);
  #begun = false;
  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    const encoding = LABELS[String(label).trim().toLowerCase()];
    if (!encoding) throw coded(RangeError, 'ERR_ENCODING_NOT_SUPPORTED', `The "${label}" encoding is not supported`);
    for (const [name, value] of Object.entries({ encoding, fatal, ignoreBOM })) Object.defineProperty(this, name, { value, enumerable: true });
  }
  decode(input = new Uint8Array(0), { stream = false } = {}) {
    let bytes = ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
    if (this.#left.length) {
      const all = new Uint8Array(this.#left.length + bytes.length);
      all.set(this.#left);
      all.set(bytes, this.#left.length);
      bytes = all;
      this.#left = new Uint8Array(0);
    }
    if (stream) {
      const whole = bytes.length - open(bytes, this.encoding);
      this.#left = bytes.slice(whole);
      bytes = bytes.subarray(0, whole);
    }
    if (this.fatal && this.encoding === 'utf-8' && !native.isUtf8(bytes)) {
      throw coded(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', `The encoded data was not valid for encoding ${this.encoding}`);
    }
    let text = this.encoding === 'windows-1252'
      ? native.decode(bytes, 'latin1').replace(/[\x80-\x9f]/g, (letter) => HIGH[letter.charCodeAt(0) - 0x80])
      : native.decode(bytes, this.encoding === 'utf-8' ? 'utf8' : 'utf16le');
    if (!this.#begun && !this.ignoreBOM && text.startsWith('\ufeff')) text = text.slice(1);
    this.#begun = stream && (this.#begun || text !== '');
    return text;
  }
  get [Symbol.toStringTag]() { return 'TextDecoder'; }
}

// How many bytes at the end begin a letter that is not whole yet.
function open(bytes, encoding) {
  if (encoding === 'utf-16le') return bytes.length % 2;
  if (encoding !== 'utf-8') return 0;
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

module.exports = { TextEncoder, TextDecoder, open };
