// `zlib`: gzip and deflate, whole or as streams. What a stream takes is kept until it ends.
'use strict';

const { Transform } = require('internal/stream');
const { coded, wrongType, refused } = require('internal/errors');

// Kept: a library puts another in its place while it calls in here.
const { concat } = Buffer;

const constants = {
  Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5, Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2,
  Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6, Z_NO_COMPRESSION: 0,
  Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1, Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4,
  Z_DEFAULT_STRATEGY: 0, Z_DEFAULT_WINDOWBITS: 15, Z_DEFAULT_MEMLEVEL: 8, Z_DEFAULT_CHUNK: 16384, Z_DEFAULT_LEVEL: -1,
};

const bytesOf = (data, encoding) => {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw wrongType('buffer', 'of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer', data);
};

function done(form, packs, data, options) {
  try {
    const bytes = packs ? native.pack(bytesOf(data), form, options?.level ?? -1) : native.unpack(bytesOf(data), form);
    if (options?.maxOutputLength !== undefined && bytes.byteLength > options.maxOutputLength) throw new Error('ERR_BUFFER_TOO_LARGE');
    return Buffer.from(bytes);
  } catch (error) {
    const [code, why] = String(error.message).split('\n');
    if (code === 'ERR_BUFFER_TOO_LARGE') throw coded(RangeError, code, `Cannot create a Buffer larger than ${options?.maxOutputLength ?? 2 ** 28} bytes`);
    if (!code.startsWith('Z_')) throw error;
    throw Object.assign(new Error(why), { errno: constants[code], code });
  }
}

function stream(form, packs) {
  return class Zlib extends Transform {
    constructor(options) {
      const parts = [];
      super({
        ...options,
        transform(chunk, encoding, next) {
          parts.push(bytesOf(chunk, encoding));
          this.bytesWritten += chunk.length;
          next();
        },
        flush(next) {
          let whole;
          try {
            whole = done(form, packs, concat(parts), options);
          } catch (error) {
            next(error);
            return;
          }
          for (let at = 0; at < whole.length; at += 16384) this.push(whole.subarray(at, at + 16384));
          next();
        },
      });
      this.bytesWritten = 0;
      // Archivers reach for these two, to be told at once.
      Object.defineProperty(this, '_handle', { value: { close() {}, reset() {} }, writable: true, enumerable: false });
      Object.defineProperty(this, '_processChunk', {
        value: (chunk, flag) => {
          if (chunk.length) parts.push(bytesOf(chunk));
          return flag === constants.Z_FINISH ? done(form, packs, concat(parts.splice(0)), options) : Buffer.alloc(0);
        },
        enumerable: false,
      });
    }
    reset() {}
    close(callback) {
      if (callback) this.once('close', callback);
      this.destroy();
    }
    flush(kind, callback) { process.nextTick(typeof kind === 'function' ? kind : callback ?? (() => {})); }
  };
}

const zlib = { constants, codes: Object.fromEntries(Object.entries(constants).filter(([name]) => /^Z_(OK|STREAM_END|NEED_DICT|.*ERR.*)/.test(name))), crc32: (data, value = 0) => native.crc32(bytesOf(data), value) };
for (const [name, form, packs] of [
  ['Gzip', 'gzip', true], ['Gunzip', 'gunzip', false], ['Deflate', 'deflate', true], ['Inflate', 'inflate', false],
  ['DeflateRaw', 'deflate-raw', true], ['InflateRaw', 'inflate-raw', false], ['Unzip', 'unzip', false],
]) {
  const lower = name[0].toLowerCase() + name.slice(1);
  zlib[name] = Object.defineProperty(stream(form, packs), 'name', { value: name });
  zlib[`create${name}`] = (options) => new zlib[name](options);
  zlib[`${lower}Sync`] = (data, options) => done(form, packs, data, options);
  zlib[lower] = (data, options, callback) => {
    if (typeof options === 'function') [options, callback] = [undefined, options];
    let outcome;
    try {
      outcome = [null, done(form, packs, data, options)];
    } catch (error) {
      outcome = [error];
    }
    require('internal/loop').later(callback, ...outcome);
  };
}
for (const name of ['brotliCompress', 'brotliCompressSync', 'brotliDecompress', 'brotliDecompressSync', 'createBrotliCompress', 'createBrotliDecompress']) {
  zlib[name] = () => { throw refused(`zlib.${name}`, 'this runtime has gzip and deflate'); };
}
for (const [name, value] of Object.entries(constants)) Object.defineProperty(zlib, name, { value, enumerable: false });

module.exports = zlib;
