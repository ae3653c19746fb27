// `crypto`: hashes, keyed hashes and chance. Ciphers, signatures and key exchange are not here.
'use strict';

const { Transform } = require('internal/stream');
const { coded, wrongType, outOfRange, refused } = require('internal/errors');

const HASHES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

const nameOf = (algorithm) => {
  const name = String(algorithm).toLowerCase().replace(/^rsa-/, '').replace(/^sha-/, 'sha');
  return HASHES.includes(name) ? name : undefined;
};

const bytesOf = (data, encoding, name = 'data') => {
  if (typeof data === 'string') return Buffer.from(data, encoding === 'buffer' ? 'utf8' : encoding);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (data instanceof KeyObject) return data.export();
  throw wrongType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', data);
};

// Both kinds: they take data until they are asked for the end.
class Digest extends Transform {
  #work;
  #over = false;
  constructor(work, options) {
    super(options);
    this.#work = work;
  }
  update(data, encoding) {
    if (this.#over) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    native.hashTake(this.#work, bytesOf(data, encoding));
    return this;
  }
  digest(encoding) {
    if (this.#over) {
      if (this instanceof Hmac) return encoding && encoding !== 'buffer' ? '' : Buffer.alloc(0);
      throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    }
    this.#over = true;
    const bytes = Buffer.from(native.hashEnd(this.#work));
    return encoding && encoding !== 'buffer' ? bytes.toString(encoding) : bytes;
  }
  copy() {
    if (this.#over) throw coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
    return new Hash(native.hashCopy(this.#work));
  }
  _transform(chunk, encoding, done) {
    this.update(chunk, encoding);
    done();
  }
  _flush(done) {
    this.push(this.digest());
    done();
  }
}

class Hash extends Digest {}
class Hmac extends Digest {}

function createHash(algorithm, options) {
  if (typeof algorithm !== 'string') throw wrongType('algorithm', 'of type string', algorithm);
  const name = nameOf(algorithm);
  if (!name) throw coded(Error, 'ERR_OSSL_EVP_UNSUPPORTED', 'Digest method not supported');
  return new Hash(native.hash(name), options);
}

function createHmac(algorithm, key, options) {
  if (typeof algorithm !== 'string') throw wrongType('hmac', 'of type string', algorithm);
  const name = nameOf(algorithm);
  if (!name) throw coded(Error, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${algorithm}`);
  return new Hmac(native.hmac(name, bytesOf(key, 'utf8', 'key')), options);
}

class KeyObject {
  #bytes;
  constructor(bytes) { this.#bytes = bytes; }
  get type() { return 'secret'; }
  get symmetricKeySize() { return this.#bytes.length; }
  export() { return Buffer.from(this.#bytes); }
  equals(other) { return this.#bytes.equals(other.export()); }
}

const calledBack = (callback, act) => {
  let outcome;
  try {
    outcome = [null, act()];
  } catch (error) {
    outcome = [error];
  }
  require('internal/loop').later(callback, ...outcome);
};

function randomBytes(size, callback) {
  if (typeof size !== 'number') throw wrongType('size', 'of type number', size);
  if (!(size >= 0 && size <= 2 ** 31 - 1)) throw outOfRange('size', '>= 0 && <= 2147483647', size);
  if (callback) return void calledBack(callback, () => Buffer.from(native.random(size)));
  return Buffer.from(native.random(size));
}

function randomFillSync(target, offset = 0, size) {
  const view = ArrayBuffer.isView(target) ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength) : new Uint8Array(target);
  const width = target.BYTES_PER_ELEMENT ?? 1;
  const count = size === undefined ? view.length - offset * width : size * width;
  view.set(new Uint8Array(native.random(count)), offset * width);
  return target;
}

function randomInt(low, high, callback) {
  if (high === undefined || typeof high === 'function') [low, high, callback] = [0, low, high];
  for (const [name, value] of [['min', low], ['max', high]]) if (!Number.isSafeInteger(value)) throw wrongType(name, 'a safe integer', value);
  if (high <= low) throw outOfRange('max', `greater than the value of "min" (${low})`, high);
  const span = high - low;
  if (span > 2 ** 48 - 1) throw outOfRange('max - min', '<= 281474976710655', span);
  const pick = () => {
    const limit = 2 ** 48 - (2 ** 48 % span);
    for (;;) {
      const value = Buffer.from(native.random(6)).readUIntBE(0, 6);
      if (value < limit) return low + (value % span);
    }
  };
  if (callback) return void calledBack(callback, pick);
  return pick();
}

function randomUUID() {
  const bytes = Buffer.from(native.random(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function timingSafeEqual(left, right) {
  const [one, other] = [bytesOf(left, undefined, 'buf1'), bytesOf(right, undefined, 'buf2')];
  if (one.length !== other.length) throw coded(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
  let different = 0;
  for (let index = 0; index < one.length; index++) different |= one[index] ^ other[index];
  return different === 0;
}

function pbkdf2Sync(password, salt, iterations, length, digest) {
  const name = nameOf(digest);
  if (!name) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${digest}`);
  return Buffer.from(native.pbkdf2(bytesOf(password, 'utf8', 'password'), bytesOf(salt, 'utf8', 'salt'), iterations, length, name));
}

function hkdfSync(digest, key, salt, info, length) {
  const hash = (own, data) => createHmac(digest, own).update(data).digest();
  const size = createHash(digest).digest().length;
  const salted = bytesOf(salt, 'utf8', 'salt');
  const secret = hash(salted.length ? salted : Buffer.alloc(size), bytesOf(key, 'utf8', 'ikm'));
  let block = Buffer.alloc(0);
  const blocks = [];
  for (let index = 1; blocks.length * size < length; index++) {
    block = hash(secret, Buffer.concat([block, bytesOf(info, 'utf8', 'info'), Buffer.from([index])]));
    blocks.push(block);
  }
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, length)).buffer;
}

const crypto = {
  createHash, createHmac, Hash, Hmac, KeyObject, randomBytes, randomFillSync, randomInt, randomUUID, timingSafeEqual, pbkdf2Sync, hkdfSync,
  pseudoRandomBytes: randomBytes, prng: randomBytes, rng: randomBytes,
  randomFill(target, ...rest) { const callback = rest.pop(); calledBack(callback, () => randomFillSync(target, ...rest)); },
  pbkdf2(password, salt, iterations, length, digest, callback) { calledBack(callback, () => pbkdf2Sync(password, salt, iterations, length, digest)); },
  hkdf(digest, key, salt, info, length, callback) { calledBack(callback, () => hkdfSync(digest, key, salt, info, length)); },
  createSecretKey: (key, encoding) => new KeyObject(Buffer.from(bytesOf(key, encoding, 'key'))),
  hash: (algorithm, data, encoding = 'hex') => createHash(algorithm).update(data).digest(encoding),
  getHashes: () => ['RSA-MD5', 'RSA-SHA1', 'RSA-SHA224', 'RSA-SHA256', 'RSA-SHA384', 'RSA-SHA512', ...HASHES],
  getCiphers: () => [], getCurves: () => [], getFips: () => 0, constants: {},
  getRandomValues: (target) => require('internal/webcrypto').getRandomValues(target),
  get webcrypto() { return require('internal/webcrypto'); },
  get subtle() { return require('internal/webcrypto').subtle; },
};
for (const name of [
  'createCipheriv', 'createDecipheriv', 'createSign', 'createVerify', 'sign', 'verify', 'createDiffieHellman', 'createECDH', 'createPrivateKey',
  'createPublicKey', 'generateKeyPair', 'generateKeyPairSync', 'publicEncrypt', 'privateDecrypt', 'scrypt', 'scryptSync', 'generateKeySync', 'generateKey', 'diffieHellman',
]) {
  crypto[name] = () => { throw refused(`crypto.${name}`, 'this runtime has hashes, HMAC, PBKDF2, HKDF and random numbers'); };
}

module.exports = crypto;
