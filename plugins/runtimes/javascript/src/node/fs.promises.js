// `fs/promises`.
'use strict';

const fs = require('fs');
const loop = require('internal/loop');

// Done at once, told later: as an operation of the system that was started now.
const told = (act) => new Promise((resolve, reject) => {
  let value;
  try {
    value = act();
  } catch (error) {
    loop.later(reject, error);
    return;
  }
  loop.later(resolve, value);
});

class FileHandle extends require('events') {
  constructor(fd) {
    super();
    Object.defineProperty(this, 'fd', { value: fd, writable: true, enumerable: true });
  }
  close() {
    const fd = this.fd;
    this.fd = -1;
    return told(() => { if (fd >= 0) fs.closeSync(fd); this.emit('close'); });
  }
  read(buffer, offset, length, position) {
    return told(() => {
      if (!ArrayBuffer.isView(buffer)) ({ buffer = Buffer.alloc(16384), offset, length, position } = buffer ?? {});
      return { bytesRead: fs.readSync(this.fd, buffer, offset, length, position), buffer };
    });
  }
  write(data, offset, length, position) {
    return told(() => ({ bytesWritten: fs.writeSync(this.fd, data, offset, length, position), buffer: data }));
  }
  readv(buffers, position) { return told(() => ({ bytesRead: fs.readvSync(this.fd, buffers, position), buffers })); }
  writev(buffers, position) { return told(() => ({ bytesWritten: fs.writevSync(this.fd, buffers, position), buffers })); }
  readFile(options) { return told(() => fs.readFileSync(this.fd, options)); }
  writeFile(data, options) { return told(() => fs.writeFileSync(this.fd, data, options)); }
  appendFile(data, options) { return told(() => fs.writeFileSync(this.fd, data, options)); }
  stat(options) { return told(() => fs.fstatSync(this.fd, options)); }
  truncate(length) { return told(() => fs.ftruncateSync(this.fd, length)); }
  sync() { return told(() => fs.fsyncSync(this.fd)); }
  datasync() { return told(() => fs.fsyncSync(this.fd)); }
  chmod() { return told(() => {}); }
  utimes() { return told(() => {}); }
  createReadStream(options) { return fs.createReadStream(undefined, { ...options, fd: this.fd }); }
  createWriteStream(options) { return fs.createWriteStream(undefined, { ...options, fd: this.fd }); }
  async *readLines(options) {
    yield* require('readline').createInterface({ input: this.createReadStream(options), crlfDelay: Infinity });
  }
  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() { return this.close(); }
}

const promises = { constants: fs.constants };
for (const name of [
  'access', 'copyFile', 'cp', 'opendir', 'rename', 'truncate', 'rm', 'rmdir', 'mkdir', 'readdir', 'readlink', 'symlink',
  'lstat', 'stat', 'statfs', 'link', 'unlink', 'chmod', 'lchmod', 'lchown', 'chown', 'utimes', 'lutimes', 'realpath', 'mkdtemp',
]) {
  promises[name] = { [name]: (...args) => told(() => fs[`${name}Sync`](...args)) }[name];
}
// An open file may stand for its path, and what is written may come piece by piece.
const target = (file) => (file instanceof FileHandle ? file.fd : file);
promises.open = function open(file, flags, mode) { return told(() => new FileHandle(fs.openSync(file, flags, mode))); };
promises.readFile = function readFile(file, options) { return told(() => fs.readFileSync(target(file), options)); };
for (const name of ['writeFile', 'appendFile']) {
  promises[name] = {
    async [name](file, data, options) {
      if (data !== null && typeof data === 'object' && !ArrayBuffer.isView(data) && (data[Symbol.asyncIterator] || data[Symbol.iterator])) {
        const parts = [];
        for await (const part of data) parts.push(typeof part === 'string' ? Buffer.from(part) : part);
        data = Buffer.concat(parts);
      }
      return told(() => fs[`${name}Sync`](target(file), data, options));
    },
  }[name];
}
promises.watch = async function* watch() { fs.watch(); };

module.exports = promises;
