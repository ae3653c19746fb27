// `fs`: files, synchronously, by callback, and (fs.promises) by promise.
'use strict';

const path = require('path');
const loop = require('internal/loop');
const { coded, system, calling, wrongType, wrongValue, needFunction } = require('internal/errors');

const constants = {
  UV_FS_SYMLINK_DIR: 1, UV_FS_SYMLINK_JUNCTION: 2, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, UV_DIRENT_UNKNOWN: 0,
  UV_DIRENT_FILE: 1, UV_DIRENT_DIR: 2, UV_DIRENT_LINK: 3, S_IFMT: 61440, S_IFREG: 32768, S_IFDIR: 16384,
  S_IFCHR: 8192, S_IFBLK: 24576, S_IFIFO: 4096, S_IFLNK: 40960, S_IFSOCK: 49152, O_CREAT: 64, O_EXCL: 128,
  O_NOCTTY: 256, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536, O_NOFOLLOW: 131072, O_SYNC: 1052672,
  O_NONBLOCK: 2048, S_IRWXU: 448, S_IRUSR: 256, S_IWUSR: 128, S_IXUSR: 64, S_IRWXG: 56, S_IRGRP: 32, S_IWGRP: 16,
  S_IXGRP: 8, S_IRWXO: 7, S_IROTH: 4, S_IWOTH: 2, S_IXOTH: 1, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1,
  UV_FS_COPYFILE_EXCL: 1, COPYFILE_EXCL: 1, UV_FS_COPYFILE_FICLONE: 2, COPYFILE_FICLONE: 2,
  UV_FS_COPYFILE_FICLONE_FORCE: 4, COPYFILE_FICLONE_FORCE: 4,
};

// A path as it was given, and where it leads. WASI has no current directory: Holm's own is kept here.
function located(value, name = 'path') {
  if (value instanceof Uint8Array) value = require('buffer').Buffer.from(value).toString();
  else if (typeof value === 'object' && value !== null && typeof value.href === 'string') value = require('url').fileURLToPath(value);
  if (typeof value !== 'string') throw wrongType(name, 'of type string or an instance of Buffer or URL', value);
  if (value.includes('\0')) throw wrongValue(name, value, 'must be a string, Uint8Array, or URL without null bytes');
  return [value, path.resolve(value) + (value.length > 1 && value.endsWith('/') ? '/' : '')];
}

function settings(options, defaults) {
  if (options === undefined || options === null || typeof options === 'function') return defaults;
  if (typeof options === 'string') options = { encoding: options };
  if (typeof options !== 'object') throw wrongType('options', 'of type string or an instance of Object', options);
  const all = { ...defaults, ...options };
  if (all.encoding && all.encoding !== 'buffer' && !require('buffer').Buffer.isEncoding(all.encoding)) {
    throw wrongValue('encoding', all.encoding, 'is invalid encoding');
  }
  if (all.signal?.aborted) throw aborted(all.signal);
  return all;
}

function aborted(signal) {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted', { cause: signal.reason });
  error.name = 'AbortError';
  return error;
}

const bytesOf = (data, encoding, name = 'data') => {
  if (typeof data === 'string') return require('buffer').Buffer.from(data, encoding || 'utf8');
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw wrongType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', data);
};

const bufferOf = (bytes) => require('buffer').Buffer.from(bytes);
const decoded = (bytes, encoding) => (encoding && encoding !== 'buffer' ? bufferOf(bytes).toString(encoding) : bufferOf(bytes));

// Flags of Node's as the letters of the native side.
const FLAGS = {
  r: 'r', rs: 'r', sr: 'r', 'r+': 'rw', 'rs+': 'rw', 'sr+': 'rw', w: 'wct', wx: 'wx', xw: 'wx', 'w+': 'rwct',
  'wx+': 'rwx', 'xw+': 'rwx', a: 'ac', ax: 'ax', xa: 'ax', as: 'ac', sa: 'ac', 'a+': 'rac', 'ax+': 'rax', 'xa+': 'rax', 'as+': 'rac',
};

function letters(flag) {
  if (typeof flag === 'number') {
    const access = flag & 3;
    let how = flag & constants.O_APPEND ? (access === 2 ? 'ra' : 'a') : access === 0 ? 'r' : access === 1 ? 'w' : 'rw';
    if (flag & constants.O_CREAT) how += flag & constants.O_EXCL ? 'x' : 'c';
    if (flag & constants.O_TRUNC) how += 't';
    return how;
  }
  const how = FLAGS[flag ?? 'r'];
  if (how === undefined) throw wrongValue('flags', flag);
  return how;
}

class Stats {
  constructor([kind, size, changed, used, born], big) {
    const modes = [constants.S_IFREG | 0o644, constants.S_IFDIR | 0o755, constants.S_IFLNK | 0o777, constants.S_IFCHR | 0o666];
    const number = big ? (value) => BigInt(Math.floor(value)) : (value) => value;
    Object.assign(this, {
      dev: number(1), mode: number(modes[kind]), nlink: number(1), uid: number(1000), gid: number(1000), rdev: number(0),
      blksize: number(4096), ino: number(0), size: number(size), blocks: number(Math.ceil(size / 512)),
      atimeMs: number(used), mtimeMs: number(changed), ctimeMs: number(changed), birthtimeMs: number(born || changed),
    });
    for (const name of ['atime', 'mtime', 'ctime', 'birthtime']) {
      if (big) this[`${name}Ns`] = BigInt(Math.floor(Number(this[`${name}Ms`]) * 1e6));
      this[name] = new Date(Math.round(Number(this[`${name}Ms`])));
    }
  }
  isDirectory() { return this.#is(constants.S_IFDIR); }
  isFile() { return this.#is(constants.S_IFREG); }
  isSymbolicLink() { return this.#is(constants.S_IFLNK); }
  isCharacterDevice() { return this.#is(constants.S_IFCHR); }
  isBlockDevice() { return false; }
  isFIFO() { return false; }
  isSocket() { return false; }
  #is(kind) { return (Number(this.mode) & constants.S_IFMT) === kind; }
}

const kindSymbol = Symbol('type');

class Dirent {
  constructor(name, parent, kind) {
    this.name = name;
    this.parentPath = parent;
    this.path = parent;
    this[kindSymbol] = [constants.UV_DIRENT_FILE, constants.UV_DIRENT_DIR, constants.UV_DIRENT_LINK, 6][kind];
  }
  isFile() { return this[kindSymbol] === constants.UV_DIRENT_FILE; }
  isDirectory() { return this[kindSymbol] === constants.UV_DIRENT_DIR; }
  isSymbolicLink() { return this[kindSymbol] === constants.UV_DIRENT_LINK; }
  isCharacterDevice() { return this[kindSymbol] === 6; }
  isBlockDevice() { return false; }
  isFIFO() { return false; }
  isSocket() { return false; }
}

// Streams of the process are files as well.
const INPUTS = { '/dev/stdin': 0, '/proc/self/fd/0': 0 };
const OUTPUTS = { '/dev/stdout': 1, '/dev/stderr': 2, '/dev/null': -1 };

function wholeInput() {
  const parts = [];
  for (;;) {
    const part = native.readInput(65536);
    if (part.byteLength === 0) return require('buffer').Buffer.concat(parts);
    parts.push(new Uint8Array(part));
  }
}

const sync = {
  readFile(file, options) {
    const { encoding, flag } = settings(options, { flag: 'r' });
    if (Number.isInteger(file)) {
      if (file === 0) return decoded(wholeInput(), encoding);
      const parts = [];
      for (;;) {
        const part = calling('read', undefined, undefined, () => native.readAt(file, 1 << 20, -1));
        if (part.byteLength === 0) break;
        parts.push(new Uint8Array(part));
      }
      return decoded(require('buffer').Buffer.concat(parts), encoding);
    }
    const [given, where] = located(file);
    if (where in INPUTS) return decoded(wholeInput(), encoding);
    if (where === '/dev/null') return decoded(new Uint8Array(0), encoding);
    if (/[wx]/.test(letters(flag))) {
      const fd = sync.open(file, flag);
      try {
        return sync.readFile(fd, options);
      } finally {
        sync.close(fd);
      }
    }
    try {
      return /^utf-?8$/i.test(encoding ?? '') ? native.readText(where) : decoded(native.readFile(where), encoding);
    } catch (error) {
      const directory = error.message === 'EISDIR';
      return calling(directory ? 'read' : 'open', directory ? undefined : given, undefined, () => { throw error; });
    }
  },
  writeFile(file, data, options) {
    const { encoding, flag } = settings(options, { encoding: 'utf8', flag: 'w' });
    const bytes = bytesOf(data, encoding);
    if (Number.isInteger(file)) {
      sync.write(file, bytes, 0, bytes.length);
      return;
    }
    const [given, where] = located(file);
    if (where in OUTPUTS) {
      if (OUTPUTS[where] > 0) native.write(OUTPUTS[where], bytes);
      return;
    }
    calling('open', given, undefined, () => native.writeFile(where, bytes, letters(flag)));
  },
  appendFile(file, data, options) {
    sync.writeFile(file, data, settings(options, { encoding: 'utf8', flag: 'a' }));
  },
  open(file, flags = 'r') {
    const [given, where] = located(file);
    if (where in INPUTS) return INPUTS[where];
    if (OUTPUTS[where] > 0) return OUTPUTS[where];
    return calling('open', given, undefined, () => native.open(where, letters(flags)));
  },
  close(fd) {
    needDescriptor(fd);
    if (fd > 2) calling('close', undefined, undefined, () => native.close(fd));
  },
  read(fd, buffer, offset, length, position) {
    needDescriptor(fd);
    if (offset !== null && typeof offset === 'object') ({ offset = 0, length = buffer.byteLength - offset, position = null } = offset);
    offset ??= 0;
    length ??= buffer.byteLength - offset;
    if (length === 0) return 0;
    const from = typeof position === 'number' || typeof position === 'bigint' ? Number(position) : -1;
    const bytes = fd === 0 ? native.readInput(length) : calling('read', undefined, undefined, () => native.readAt(fd, length, from));
    new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).set(new Uint8Array(bytes), offset);
    return bytes.byteLength;
  },
  write(fd, data, offset, length, position) {
    needDescriptor(fd);
    let bytes;
    if (typeof data === 'string') {
      bytes = require('buffer').Buffer.from(data, typeof length === 'string' ? length : 'utf8');
      position = offset;
    } else {
      if (offset !== null && typeof offset === 'object') ({ offset = 0, length, position = null } = offset);
      bytes = bytesOf(data, undefined, 'buffer').subarray(offset ?? 0, length === undefined || length === null ? undefined : (offset ?? 0) + length);
    }
    const at = typeof position === 'number' ? position : -1;
    if (fd === 1 || fd === 2) {
      native.write(fd, bytes);
      return bytes.length;
    }
    return calling('write', undefined, undefined, () => native.writeAt(fd, bytes, at));
  },
  readv(fd, buffers, position) {
    let read = 0;
    for (const buffer of buffers) {
      const count = sync.read(fd, buffer, 0, buffer.byteLength, typeof position === 'number' ? position + read : null);
      read += count;
      if (count < buffer.byteLength) break;
    }
    return read;
  },
  writev(fd, buffers, position) {
    let written = 0;
    for (const buffer of buffers) written += sync.write(fd, buffer, 0, buffer.byteLength, typeof position === 'number' ? position + written : null);
    return written;
  },
  stat: (file, options) => looked(file, options, 'stat', true),
  lstat: (file, options) => looked(file, options, 'lstat', false),
  fstat(fd, options) {
    needDescriptor(fd);
    if (fd <= 2) return new Stats([3, 0, 0, 0, 0], options?.bigint);
    return new Stats(calling('fstat', undefined, undefined, () => native.statOpen(fd)), options?.bigint);
  },
  statfs(file) {
    sync.stat(file);
    return { type: 0, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0 };
  },
  exists(file) {
    try {
      const [, where] = located(file);
      return native.kind(where) >= 0 || where in INPUTS || where in OUTPUTS;
    } catch {
      return false;
    }
  },
  access(file, mode = constants.F_OK) {
    const [given, where] = located(file);
    if (where in INPUTS || where in OUTPUTS) return;
    calling('access', given, undefined, () => native.stat(where, true));
    if (mode & constants.W_OK && native.kind(where) === 0) {
      calling('access', given, undefined, () => native.close(native.open(where, 'w')));
    }
  },
  readdir(file, options) {
    const { encoding, withFileTypes, recursive } = settings(options, {});
    const [given, where] = located(file);
    const name = (text) => (encoding === 'buffer' ? bufferOf(native.encode(text, 'utf8')) : text);
    const found = [];
    const below = [];
    for (let [folder, from] = [where, '']; folder !== undefined; [folder, from] = below.shift() ?? []) {
      const entries = calling('scandir', from === '' ? given : path.join(given, from), undefined, () => native.list(folder));
      for (const [own, kind] of entries) {
        const relative = from === '' ? own : `${from}/${own}`;
        found.push(withFileTypes ? new Dirent(name(own), from === '' ? given : path.join(given, from), kind) : name(relative));
        if (recursive && kind === 1) below.push([`${folder.replace(/\/$/, '')}/${own}`, relative]);
      }
    }
    return found;
  },
  mkdir(file, options) {
    const [given, where] = located(file);
    if (!(options && typeof options === 'object' && options.recursive)) {
      calling('mkdir', given, undefined, () => native.makeDirectory(where));
      return undefined;
    }
    const missing = [];
    let at = where.replace(/(?<=.)\/$/, '');
    for (; at !== '/' && native.kind(at) !== 1; at = path.dirname(at)) {
      if (native.kind(at) >= 0) throw system(missing.length ? 'ENOTDIR' : 'EEXIST', 'mkdir', given);
      missing.unshift(at);
    }
    for (const folder of missing) {
      try {
        native.makeDirectory(folder);
      } catch (error) {
        if (!(error.message === 'EEXIST' && native.kind(folder) === 1)) calling('mkdir', given, undefined, () => { throw error; });
      }
    }
    return missing[0];
  },
  mkdtemp(prefix, options) {
    const [given, where] = located(prefix, 'prefix');
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    for (let attempt = 0; ; attempt++) {
      const tail = [...new Uint8Array(native.random(6))].map((byte) => letters[byte % letters.length]).join('');
      try {
        native.makeDirectory(where + tail);
        return decoded(native.encode(given + tail, 'utf8'), settings(options, { encoding: 'utf8' }).encoding);
      } catch (error) {
        if (error.message !== 'EEXIST' || attempt === 9) calling('mkdtemp', `${given}XXXXXX`, undefined, () => { throw error; });
      }
    }
  },
  rmdir(file, options) {
    if (options?.recursive) return sync.rm(file, { recursive: true });
    const [given, where] = located(file);
    return calling('rmdir', given, undefined, () => native.removeDirectory(where));
  },
  rm(file, options = {}) {
    const [given, where] = located(file);
    let about;
    try {
      about = native.stat(where, false);
    } catch (error) {
      if (options?.force && (error.message === 'ENOENT' || error.message === 'ENOTDIR')) return;
      calling('lstat', given, undefined, () => { throw error; });
    }
    if (about[0] === 1) {
      if (!options?.recursive) {
        throw coded(Error, 'ERR_FS_EISDIR', `Path is a directory: rm returned EISDIR (is a directory) ${given}`, {
          name: 'SystemError', info: { code: 'EISDIR', message: 'is a directory', path: given, syscall: 'rm', errno: 21 }, errno: 21, syscall: 'rm', path: given,
        });
      }
      emptied(given, where.replace(/(?<=.)\/$/, ''));
    } else {
      calling('rm', given, undefined, () => native.removeFile(where));
    }
  },
  unlink(file) {
    const [given, where] = located(file);
    calling('unlink', given, undefined, () => native.removeFile(where));
  },
  rename(from, to) {
    const [given, where] = located(from, 'oldPath');
    const [target, there] = located(to, 'newPath');
    calling('rename', given, target, () => native.rename(where, there));
  },
  copyFile(from, to, mode = 0) {
    const [given, where] = located(from, 'src');
    const [target, there] = located(to, 'dest');
    if (mode & constants.COPYFILE_EXCL && native.kind(there) >= 0) throw system('EEXIST', 'copyfile', given, target);
    if (native.kind(there) === 1) throw system('EISDIR', 'copyfile', given, target);
    calling('copyfile', given, target, () => native.copy(where, there));
  },
  cp(from, to, options = {}) {
    const [given, where] = located(from, 'src');
    const [target, there] = located(to, 'dest');
    copied(given, where.replace(/(?<=.)\/$/, ''), target, there.replace(/(?<=.)\/$/, ''), options);
  },
  truncate(file, length = 0) {
    if (typeof file === 'number') return sync.ftruncate(file, length);
    const [given, where] = located(file);
    return calling('open', given, undefined, () => native.truncate(where, length ?? 0));
  },
  ftruncate(fd, length = 0) {
    calling('ftruncate', undefined, undefined, () => native.truncateOpen(fd, length ?? 0));
  },
  utimes(file, accessed, modified) {
    const [given, where] = located(file);
    calling('utime', given, undefined, () => native.setTimes(where, seconds(accessed), seconds(modified)));
  },
  lutimes(file, accessed, modified) { sync.utimes(file, accessed, modified); },
  // WASI keeps no modes and no owners: what exists may be given any, and keeps none.
  chmod(file) { const [given, where] = located(file); calling('chmod', given, undefined, () => void native.stat(where, true)); },
  chown(file) { const [given, where] = located(file); calling('chown', given, undefined, () => void native.stat(where, true)); },
  lchmod(file) { sync.chmod(file); },
  lchown(file) { sync.chown(file); },
  fchmod(fd) { sync.fstat(fd); },
  fchown(fd) { sync.fstat(fd); },
  futimes(fd) { sync.fstat(fd); },
  fsync(fd) { sync.fstat(fd); },
  fdatasync(fd) { sync.fstat(fd); },
  link(from, to) {
    const [given, where] = located(from, 'existingPath');
    const [target, there] = located(to, 'newPath');
    calling('link', given, target, () => native.link(where, there));
  },
  symlink(to, file) {
    const [given] = located(file);
    throw system('EPERM', 'symlink', String(to), given, 'links are not made in the sandbox: copy the file');
  },
  readlink(file) {
    const [given, where] = located(file);
    return calling('readlink', given, undefined, () => native.readLink(where));
  },
  realpath(file) {
    const [given, where] = located(file);
    calling('lstat', given, undefined, () => native.stat(where, true));
    return where.replace(/(?<=.)\/$/, '');
  },
  opendir(file, options) {
    return new Dir(file, sync.readdir(file, { ...options, withFileTypes: true }));
  },
};
sync.realpath.native = sync.realpath;

function needDescriptor(fd) {
  if (typeof fd !== 'number') throw wrongType('fd', 'of type number', fd);
}

function looked(file, options, syscall, follow) {
  const [given, where] = located(file);
  if (where in INPUTS || where in OUTPUTS) return new Stats([3, 0, 0, 0, 0], options?.bigint);
  if (options?.throwIfNoEntry === false && native.kind(where) < 0) {
    try {
      native.stat(where, follow);
    } catch (error) {
      if (error.message === 'ENOENT' || error.message === 'ENOTDIR') return undefined;
    }
  }
  return new Stats(calling(syscall, given, undefined, () => native.stat(where, follow)), options?.bigint);
}

const seconds = (time) => {
  const value = time instanceof Date ? time.getTime() / 1000 : Number(time);
  if (Number.isNaN(value)) throw wrongType('time', 'an instance of Date', time);
  return value;
};

function emptied(given, where) {
  const entries = calling('scandir', given, undefined, () => native.list(where));
  for (const [name, kind] of entries) {
    const below = `${where}/${name}`;
    if (kind === 1) emptied(`${given}/${name}`, below);
    else calling('unlink', `${given}/${name}`, undefined, () => native.removeFile(below));
  }
  calling('rmdir', given, undefined, () => native.removeDirectory(where));
}

function copied(given, where, target, there, options) {
  if (options.filter && !options.filter(given, target)) return;
  const [kind, , changed] = calling('lstat', given, undefined, () => native.stat(where, true));
  if (kind === 1) {
    if (!options.recursive) {
      throw coded(Error, 'ERR_FS_EISDIR', `Recursive option not enabled, cannot copy a directory: cp returned EISDIR (${given} is a directory (not copied)) ${given}`);
    }
    if (there === where || there.startsWith(`${where}/`)) {
      throw coded(Error, 'ERR_FS_CP_EINVAL', `Invalid src or dest: cp returned EINVAL (cannot copy ${given} to a subdirectory of self ${target}) ${target}`);
    }
    sync.mkdir(there, { recursive: true });
    for (const [name] of native.list(where)) copied(`${given}/${name}`, `${where}/${name}`, `${target}/${name}`, `${there}/${name}`, options);
    return;
  }
  if (native.kind(there) >= 0 && options.force === false) {
    if (options.errorOnExist) throw coded(Error, 'ERR_FS_CP_EEXIST', `Target already exists: cp returned EEXIST (${target} already exists) ${target}`);
    return;
  }
  sync.mkdir(path.dirname(there), { recursive: true });
  calling('copyfile', given, target, () => native.copy(where, there));
  if (options.preserveTimestamps) native.setTimes(there, changed / 1000, changed / 1000);
}

class Dir {
  #entries;
  constructor(name, entries) {
    this.path = name;
    this.#entries = entries;
  }
  readSync() { return this.#entries.shift() ?? null; }
  read(callback) {
    if (callback) loop.later(callback, null, this.readSync());
    return callback ? undefined : Promise.resolve(this.readSync());
  }
  closeSync() {}
  close(callback) { return callback ? void loop.later(callback, null) : Promise.resolve(); }
  async *[Symbol.asyncIterator]() { yield* this.#entries; }
}

const fs = { constants, Stats, Dirent, Dir, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };

for (const [name, act] of Object.entries(sync)) {
  fs[`${name}Sync`] = Object.defineProperty(act, 'name', { value: `${name}Sync` });
  if (name === 'exists') continue;
  fs[name] = {
    [name](...args) {
      const callback = args.pop();
      if (typeof callback !== 'function') needFunction(callback, 'cb');
      let outcome;
      try {
        outcome = [null, act(...args)];
      } catch (error) {
        // Wrong arguments are thrown at once, what the system says is called back.
        if (error instanceof TypeError || error instanceof RangeError) throw error;
        outcome = [error];
      }
      if (name === 'read' || name === 'readv' || name === 'write' || name === 'writev') outcome.push(args[1]);
      if (outcome.length === 2 && outcome[1] === undefined) outcome.pop();
      loop.later(callback, ...outcome);
    },
  }[name];
}
fs.exists = function exists(file, callback) {
  loop.later(callback, sync.exists(file));
};
fs.realpath.native = fs.realpath;

fs.createReadStream = (file, options) => require('internal/filestream').reading(file, options);
fs.createWriteStream = (file, options) => require('internal/filestream').writing(file, options);
for (const [name, made] of [['ReadStream', 'reading'], ['WriteStream', 'writing']]) {
  fs[name] = function (file, options) { return require('internal/filestream')[made](file, options); };
}

// Nobody tells of changes: whoever watches learns that at once.
for (const name of ['watch', 'watchFile']) {
  fs[name] = () => { throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `fs.${name} is not available here: the sandbox tells of no changes to files; look again after a time`); };
}
fs.unwatchFile = () => {};
fs.openAsBlob = async (file) => new (require('buffer').Blob)([sync.readFile(file)]);
fs._toUnixTimestamp = seconds;
fs.globSync = undefined;
delete fs.globSync;

Object.defineProperty(fs, 'promises', { get: () => require('fs/promises'), enumerable: true, configurable: true });

module.exports = fs;
