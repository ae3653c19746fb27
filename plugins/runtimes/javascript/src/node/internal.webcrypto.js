// `crypto` as browsers have it: chance, and digests.
'use strict';

const { refused, wrongType } = require('internal/errors');

const INTEGERS = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array'];

class SubtleCrypto {
  async digest(algorithm, data) {
    const name = String(typeof algorithm === 'string' ? algorithm : algorithm.name).toUpperCase();
    if (!['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'].includes(name)) throw new DOMException('Unrecognized algorithm name', 'NotSupportedError');
    const work = native.hash(name.toLowerCase().replace('-', ''));
    native.hashTake(work, ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data));
    return native.hashEnd(work);
  }
  async importKey(format, key, algorithm, extractable, usages) {
    const name = String(algorithm.name ?? algorithm).toUpperCase();
    if (format !== 'raw' || name !== 'HMAC') throw refused('crypto.subtle.importKey', 'this runtime has raw HMAC keys only');
    const hash = String(algorithm.hash?.name ?? algorithm.hash).toLowerCase().replace('-', '');
    return { type: 'secret', extractable, algorithm: { name, hash: { name: algorithm.hash?.name ?? algorithm.hash } }, usages, bytes: Buffer.from(key), hash };
  }
  async sign(algorithm, key, data) {
    const work = native.hmac(key.hash, key.bytes);
    native.hashTake(work, ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data));
    return native.hashEnd(work);
  }
  async verify(algorithm, key, signature, data) {
    const own = Buffer.from(await this.sign(algorithm, key, data));
    const other = Buffer.from(ArrayBuffer.isView(signature) ? signature : new Uint8Array(signature));
    return own.length === other.length && require('crypto').timingSafeEqual(own, other);
  }
}
for (const name of ['encrypt', 'decrypt', 'generateKey', 'deriveKey', 'deriveBits', 'exportKey', 'wrapKey', 'unwrapKey']) {
  SubtleCrypto.prototype[name] = async () => { throw refused(`crypto.subtle.${name}`, 'this runtime has digests and HMAC'); };
}

module.exports = {
  subtle: new SubtleCrypto(),
  randomUUID: () => require('crypto').randomUUID(),
  getRandomValues(target) {
    if (!ArrayBuffer.isView(target) || !INTEGERS.includes(target[Symbol.toStringTag])) throw wrongType('typedArray', 'an integer TypedArray', target);
    if (target.byteLength > 65536) throw new DOMException(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError');
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(new Uint8Array(native.random(target.byteLength)));
    return target;
  },
};
Object.defineProperty(module.exports, Symbol.toStringTag, { value: 'Crypto', configurable: true });
