// `buffer`: bytes, with Node's names for everything that can be done to them.
'use strict';

const { coded, wrongType, outOfRange } = require('internal/errors');
const { inspect } = require('internal/inspect');

const ENCODINGS = {
  utf8: 'utf8', 'utf-8': 'utf8', hex: 'hex', base64: 'base64', base64url: 'base64url', ascii: 'ascii', latin1: 'latin1',
  binary: 'latin1', utf16le: 'utf16le', 'utf-16le': 'utf16le', ucs2: 'utf16le', 'ucs-2': 'utf16le',
};

function encodingOf(name, fallback = 'utf8') {
  if (name === undefined || name === null || name === '') return fallback;
  const known = ENCODINGS[name] ?? ENCODINGS[String(name).toLowerCase()];
  if (!known) throw coded(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${name}`);
  return known;
}

const MAX = 2 ** 32;

function size(value) {
  if (typeof value !== 'number') throw wrongType('size', 'of type number', value);
  if (!(value >= 0 && value <= MAX)) throw outOfRange('size', `>= 0 && <= ${MAX}`, value);
  return value;
}

const made = (buffer, offset, length) => Object.setPrototypeOf(new Uint8Array(buffer, offset, length), Buffer.prototype);
const fresh = (length) => Object.setPrototypeOf(new Uint8Array(length), Buffer.prototype);

function Buffer(value, encoding, length) {
  return typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value, encoding, length);
}

Object.setPrototypeOf(Buffer, Uint8Array);
Buffer.prototype = Object.create(Uint8Array.prototype, {
  constructor: { value: Buffer, writable: true, configurable: true },
});

const isAnyBuffer = (value) => value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

Object.assign(Buffer, {
  poolSize: 8192,
  from(value, encoding, length) {
    if (typeof value === 'string') return made(native.encode(value, encodingOf(encoding)));
    if (typeof value === 'object' && value !== null) {
      if (isAnyBuffer(value)) {
        const offset = Number(encoding) || 0;
        if (offset > value.byteLength) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
        if (length > value.byteLength - offset) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"length" is outside of buffer bounds');
        return made(value, offset, length);
      }
      if (ArrayBuffer.isView(value) || Array.isArray(value)) return copy(value);
      const own = value.valueOf?.();
      if (own !== undefined && own !== null && own !== value && (typeof own === 'string' || typeof own === 'object')) return Buffer.from(own, encoding, length);
      if (value.type === 'Buffer' && Array.isArray(value.data)) return copy(value.data);
      if (typeof value.length === 'number') return copy(Array.from({ length: value.length }, (_, index) => value[index]));
      const primitive = value[Symbol.toPrimitive]?.('string');
      if (typeof primitive === 'string') return Buffer.from(primitive, encoding);
      if (value.buffer instanceof ArrayBuffer) return fresh(0);
    }
    throw wrongType('first argument', 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object', value);
  },
  of: (...bytes) => copy(bytes),
  alloc(length, fill, encoding) {
    const buffer = fresh(size(length));
    return fill === undefined || fill === 0 || length === 0 ? buffer : buffer.fill(fill, encoding);
  },
  allocUnsafe: (length) => fresh(size(length)),
  allocUnsafeSlow: (length) => fresh(size(length)),
  isBuffer: (value) => value instanceof Buffer,
  isEncoding: (name) => typeof name === 'string' && name !== '' && String(name).toLowerCase() in ENCODINGS,
  byteLength(value, encoding) {
    if (typeof value === 'string') {
      const form = ENCODINGS[String(encoding ?? 'utf8').toLowerCase()] ?? 'utf8';
      if (form === 'latin1' || form === 'ascii') return value.length;
      if (form === 'utf16le') return value.length * 2;
      if (form === 'hex') return value.length >>> 1;
      return native.encode(value, form).byteLength;
    }
    if (ArrayBuffer.isView(value) || isAnyBuffer(value)) return value.byteLength;
    throw wrongType('string', 'of type string or an instance of Buffer or ArrayBuffer', value);
  },
  compare(left, right) {
    for (const [name, value] of [['buf1', left], ['buf2', right]]) {
      if (!(value instanceof Uint8Array)) throw wrongType(name, 'an instance of Buffer or Uint8Array', value);
    }
    const shared = Math.min(left.length, right.length);
    for (let index = 0; index < shared; index++) {
      if (left[index] !== right[index]) return left[index] < right[index] ? -1 : 1;
    }
    return Math.sign(left.length - right.length);
  },
  concat(list, total) {
    if (!Array.isArray(list)) throw wrongType('list', 'an instance of Array', list);
    total ??= list.reduce((sum, part) => sum + part.length, 0);
    const whole = fresh(total);
    let at = 0;
    list.forEach((part, index) => {
      if (!(part instanceof Uint8Array)) throw wrongType(`list[${index}]`, 'an instance of Buffer or Uint8Array', part);
      if (at + part.length > total) part = part.subarray(0, total - at);
      whole.set(part, at);
      at += part.length;
    });
    return whole;
  },
  copyBytesFrom(view, offset = 0, length = view.length - offset) {
    const part = view.subarray(offset, offset + length);
    return copy(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  },
});

function copy(values) {
  const buffer = fresh(values.length);
  if (values instanceof Uint8Array) buffer.set(values);
  else for (let index = 0; index < values.length; index++) buffer[index] = values[index];
  return buffer;
}

const clamp = (value, length, fallback) => {
  if (value === undefined) return fallback;
  value = Math.trunc(Number(value)) || 0;
  return Math.max(0, Math.min(length, value));
};

const methods = {
  toString(encoding, start, end) {
    const from = clamp(start, this.length, 0);
    const to = clamp(end, this.length, this.length);
    if (to <= from) return '';
    const form = encodingOf(encoding);
    return native.decode(from === 0 && to === this.length ? this : this.subarray(from, to), form);
  },
  toJSON() { return { type: 'Buffer', data: [...this] }; },
  equals(other) {
    if (!(other instanceof Uint8Array)) throw wrongType('otherBuffer', 'an instance of Buffer or Uint8Array', other);
    return this.length === other.length && Buffer.compare(this, other) === 0;
  },
  compare(target, targetStart = 0, targetEnd = target.length, start = 0, end = this.length) {
    if (!(target instanceof Uint8Array)) throw wrongType('target', 'an instance of Buffer or Uint8Array', target);
    return Buffer.compare(this.subarray(start, end), target.subarray(targetStart, targetEnd));
  },
  copy(target, at = 0, start = 0, end = this.length) {
    const part = this.subarray(start, Math.min(end, start + Math.max(0, target.length - at)));
    target.set(part, at);
    return part.length;
  },
  slice(start, end) { return this.subarray(start, end); },
  subarray(start, end) {
    const length = this.length;
    const bound = (value, fallback) => {
      if (value === undefined) return fallback;
      value = Math.trunc(Number(value)) || 0;
      return value < 0 ? Math.max(0, length + value) : Math.min(value, length);
    };
    const from = bound(start, 0);
    return made(this.buffer, this.byteOffset + from, Math.max(0, bound(end, length) - from));
  },
  write(text, offset, length, encoding) {
    if (typeof offset === 'string') [encoding, offset, length] = [offset, 0, undefined];
    else if (typeof length === 'string') [encoding, length] = [length, undefined];
    if (typeof text !== 'string') throw wrongType('argument', 'of type string', text);
    offset = offset ?? 0;
    if (offset < 0 || offset > this.length) throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset);
    const room = Math.min(length ?? Infinity, this.length - offset);
    const form = encodingOf(encoding);
    let bytes = new Uint8Array(native.encode(text, form));
    if (bytes.length > room) {
      let end = room;
      // No half of a letter is written.
      if (form === 'utf8') while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
      if (form === 'utf16le') end &= ~1;
      bytes = bytes.subarray(0, end);
    }
    this.set(bytes, offset);
    return bytes.length;
  },
  fill(value, start, end, encoding) {
    if (typeof start === 'string') [encoding, start, end] = [start, undefined, undefined];
    else if (typeof end === 'string') [encoding, end] = [end, undefined];
    const from = start ?? 0;
    const to = end ?? this.length;
    if (from < 0 || from > this.length) throw outOfRange('offset', `>= 0 && <= ${this.length}`, from);
    if (typeof value === 'string') value = value === '' ? 0 : new Uint8Array(native.encode(value, encodingOf(encoding)));
    if (typeof value === 'number' || typeof value === 'boolean') Uint8Array.prototype.fill.call(this, Number(value) & 255, from, to);
    else if (!value.length) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'value' is invalid. Received ${inspect(value)}`);
    else for (let at = from; at < to; at++) this[at] = value[(at - from) % value.length];
    return this;
  },
  indexOf(value, offset, encoding) { return sought(this, value, offset, encoding, true); },
  lastIndexOf(value, offset, encoding) { return sought(this, value, offset, encoding, false); },
  includes(value, offset, encoding) { return this.indexOf(value, offset, encoding) !== -1; },
  swap16() { return swapped(this, 2); },
  swap32() { return swapped(this, 4); },
  swap64() { return swapped(this, 8); },
  toLocaleString(encoding, start, end) { return this.toString(encoding, start, end); },
  readIntBE(offset, length) { return signed(this.readUIntBE(offset, length), length); },
  readIntLE(offset, length) { return signed(this.readUIntLE(offset, length), length); },
  readUIntBE(offset, length) {
    checked(this, offset, length);
    let value = 0;
    for (let index = 0; index < length; index++) value = value * 256 + this[offset + index];
    return value;
  },
  readUIntLE(offset, length) {
    checked(this, offset, length);
    let value = 0;
    for (let index = length - 1; index >= 0; index--) value = value * 256 + this[offset + index];
    return value;
  },
  writeUIntBE(value, offset, length) { return put(this, value, offset, length, false, false); },
  writeUIntLE(value, offset, length) { return put(this, value, offset, length, true, false); },
  writeIntBE(value, offset, length) { return put(this, value, offset, length, false, true); },
  writeIntLE(value, offset, length) { return put(this, value, offset, length, true, true); },
  [inspect.custom](depth, options) {
    const most = module.exports.INSPECT_MAX_BYTES;
    let text = [...this.subarray(0, most)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const left = this.length - most;
    if (left > 0) text += ` ... ${left} more byte${left > 1 ? 's' : ''}`;
    const extra = Object.keys(this).filter((key) => !/^\d+$/.test(key));
    if (extra.length) text += `${this.length ? ', ' : ''}${inspect(Object.fromEntries(extra.map((key) => [key, this[key]])), { ...options, breakLength: Infinity, compact: true }).slice(2, -2)}`;
    return `<${this.constructor.name} ${text}>`;
  },
};

function checked(buffer, offset, length) {
  if (typeof offset !== 'number') throw wrongType('offset', 'of type number', offset);
  if (!Number.isInteger(offset)) throw outOfRange('offset', 'an integer', offset);
  const last = buffer.length - length;
  if (last < 0) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
  if (offset < 0 || offset > last) throw outOfRange('offset', `>= 0 and <= ${last}`, offset);
}

const signed = (value, length) => (value >= 2 ** (8 * length - 1) ? value - 2 ** (8 * length) : value);

function put(buffer, value, offset, length, little, sign) {
  value = Number(value);
  const low = sign ? -(2 ** (8 * length - 1)) : 0;
  const high = sign ? 2 ** (8 * length - 1) - 1 : 2 ** (8 * length) - 1;
  if (value < low || value > high) {
    const range = length > 4 ? (sign ? `>= -(2 ** ${8 * length - 1}) and < 2 ** ${8 * length - 1}` : `>= 0 and < 2 ** ${8 * length}`)
      : `>= ${length > 3 ? sign ? `-(2 ** 31)` : 0 : low} and <= ${length > 3 ? (sign ? '2 ** 31 - 1' : high) : high}`;
    throw outOfRange('value', length === 4 && sign ? '>= -2147483648 and <= 2147483647' : range, value);
  }
  checked(buffer, offset, length);
  let rest = value < 0 ? value + 2 ** (8 * length) : Math.trunc(value);
  for (let index = 0; index < length; index++) {
    buffer[little ? offset + index : offset + length - 1 - index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return offset + length;
}

// Numbers of one size, through a view.
const view = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
for (const [name, bytes, method] of [
  ['UInt8', 1], ['Int8', 1], ['UInt16', 2], ['Int16', 2], ['UInt32', 4], ['Int32', 4],
  ['Float', 4, 'Float32'], ['Double', 8, 'Float64'], ['BigUInt64', 8, 'BigUint64'], ['BigInt64', 8, 'BigInt64'],
]) {
  const kind = method ?? name.replace('UInt', 'Uint');
  for (const end of bytes === 1 ? [''] : ['LE', 'BE']) {
    const read = function (offset = 0) {
      checked(this, offset, bytes);
      return view(this)[`get${kind}`](offset, end === 'LE');
    };
    const write = function (value, offset = 0) {
      if (!method) return put(this, value, offset, bytes, end === 'LE', name.startsWith('Int'));
      checked(this, offset, bytes);
      view(this)[`set${kind}`](offset, value, end === 'LE');
      return offset + bytes;
    };
    methods[`read${name}${end}`] = read;
    methods[`write${name}${end}`] = write;
    if (name.includes('UInt')) {
      methods[`read${name.replace('UInt', 'Uint')}${end}`] = read;
      methods[`write${name.replace('UInt', 'Uint')}${end}`] = write;
    }
  }
}
for (const end of ['LE', 'BE']) {
  methods[`readUint${end}`] = methods[`readUInt${end}`];
  methods[`writeUint${end}`] = methods[`writeUInt${end}`];
}

function swapped(buffer, width) {
  if (buffer.length % width) throw coded(RangeError, 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${width * 8}-bits`);
  for (let at = 0; at < buffer.length; at += width) Uint8Array.prototype.reverse.call(Uint8Array.prototype.subarray.call(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length), at, at + width));
  return buffer;
}

function sought(buffer, value, offset, encoding, forward) {
  if (typeof offset === 'string') [encoding, offset] = [offset, undefined];
  let from = Math.trunc(Number(offset));
  if (Number.isNaN(from)) from = forward ? 0 : buffer.length;
  if (from < 0) from = Math.max(forward ? 0 : -1, buffer.length + from);
  if (typeof value === 'number') {
    const byte = value & 255;
    return forward ? Uint8Array.prototype.indexOf.call(buffer, byte, from) : Uint8Array.prototype.lastIndexOf.call(buffer, byte, from);
  }
  if (typeof value === 'string') value = new Uint8Array(native.encode(value, encodingOf(encoding)));
  if (!(value instanceof Uint8Array)) throw wrongType('value', 'one of type number or string or an instance of Buffer or Uint8Array', value);
  if (value.length === 0) return forward ? Math.min(from, buffer.length) : Math.min(from, buffer.length);
  const last = buffer.length - value.length;
  const here = (at) => {
    for (let index = 0; index < value.length; index++) if (buffer[at + index] !== value[index]) return false;
    return true;
  };
  if (forward) {
    for (let at = from; at <= last; at++) {
      at = Uint8Array.prototype.indexOf.call(buffer, value[0], at);
      if (at < 0 || at > last) return -1;
      if (here(at)) return at;
    }
  } else {
    for (let at = Math.min(from, last); at >= 0; at--) if (here(at)) return at;
  }
  return -1;
}

for (const name of Reflect.ownKeys(methods)) {
  Object.defineProperty(Buffer.prototype, name, { value: methods[name], writable: true, configurable: true, enumerable: true });
}
Object.defineProperty(Buffer.prototype, 'parent', { get() { return this.buffer; } });
Object.defineProperty(Buffer.prototype, 'offset', { get() { return this.byteOffset; } });

function atob(text) {
  text = String(text).replace(/[\t\n\f\r ]/g, '');
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, '');
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) {
    throw new DOMException('The string to be decoded is not correctly encoded.', 'InvalidCharacterError');
  }
  return Buffer.from(text, 'base64').toString('latin1');
}

function btoa(text) {
  text = String(text);
  if (/[^\0-\xff]/.test(text)) throw new DOMException('Invalid character', 'InvalidCharacterError');
  return Buffer.from(text, 'latin1').toString('base64');
}

class Blob {
  #bytes;
  constructor(parts = [], options = {}) {
    this.#bytes = Buffer.concat([...parts].map((part) => {
      if (part instanceof Blob) return part.#bytes;
      if (isAnyBuffer(part)) return Buffer.from(part);
      if (ArrayBuffer.isView(part)) return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      return Buffer.from(String(part));
    }));
    Object.defineProperty(this, 'type', { value: String(options.type ?? '').toLowerCase() });
  }
  get size() { return this.#bytes.length; }
  async text() { return this.#bytes.toString(); }
  async arrayBuffer() { return Uint8Array.from(this.#bytes).buffer; }
  async bytes() { return Uint8Array.from(this.#bytes); }
  slice(start, end, type) { return new Blob([this.#bytes.subarray(start, end)], { type }); }
  stream() { return require('stream/web').ReadableStream.from([Uint8Array.from(this.#bytes)]); }
  get [Symbol.toStringTag]() { return 'Blob'; }
}

class File extends Blob {
  constructor(parts, name, options = {}) {
    super(parts, options);
    Object.defineProperty(this, 'name', { value: String(name), enumerable: true });
    Object.defineProperty(this, 'lastModified', { value: options.lastModified ?? Date.now(), enumerable: true });
  }
  get [Symbol.toStringTag]() { return 'File'; }
}

module.exports = {
  Buffer, SlowBuffer: Buffer, Blob, File, atob, btoa, INSPECT_MAX_BYTES: 50, kMaxLength: MAX, kStringMaxLength: 2 ** 29 - 24,
  constants: { MAX_LENGTH: MAX, MAX_STRING_LENGTH: 2 ** 29 - 24 },
  isUtf8: (bytes) => native.isUtf8(bytes), isAscii: (bytes) => new Uint8Array(bytes.buffer ?? bytes).every((byte) => byte < 128),
  transcode: (bytes, from, to) => Buffer.from(Buffer.from(bytes).toString(from), to),
};
