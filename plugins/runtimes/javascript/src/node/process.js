// `process`: what this run is, and how it ends.
'use strict';

const EventEmitter = require('events');
const loop = require('internal/loop');
const { coded, system, wrongType, refused } = require('internal/errors');

const VERSION = 'v20.20.2';
const started = native.hrtime();

const process = Object.create(
  Object.create(EventEmitter.prototype, { constructor: { value: function process() {}, writable: true, configurable: true } }),
);
Object.defineProperty(Object.getPrototypeOf(process).constructor, 'name', { value: 'process' });
Object.defineProperty(process, Symbol.toStringTag, { value: 'process', configurable: true });
EventEmitter.call(process);

let directory = native.directory();
let exitCode;
let leaving = false;

// The environment: whatever is put there becomes text, as the system's is.
const environment = new Proxy(Object.fromEntries(native.environment()), {
  set(target, name, value) {
    if (typeof name === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
    target[name] = String(value);
    return true;
  },
  defineProperty(target, name, descriptor) {
    return Reflect.defineProperty(target, name, { ...descriptor, value: String(descriptor.value) });
  },
});

function hrtime(earlier) {
  const now = Math.floor(native.hrtime() + 1e12);
  let seconds = Math.floor(now / 1e9);
  let nanoseconds = now % 1e9;
  if (earlier) {
    seconds -= earlier[0];
    nanoseconds -= earlier[1];
    if (nanoseconds < 0) {
      seconds -= 1;
      nanoseconds += 1e9;
    }
  }
  return [seconds, nanoseconds];
}
hrtime.bigint = () => BigInt(Math.floor(native.hrtime() + 1e12));

function memoryUsage() {
  const all = native.memory();
  return { rss: all, heapTotal: all, heapUsed: all, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = () => native.memory();

function valid(code) {
  if (code === undefined || code === null) return code;
  const number = typeof code === 'string' && code.trim() !== '' ? Number(code) : code;
  if (!Number.isInteger(number)) throw wrongType('code', 'of type number', code);
  return number;
}

// Ends the process: its listeners hear of it once, and nothing runs after them.
function leave(code) {
  if (code !== undefined) exitCode = valid(code);
  if (!leaving) {
    leaving = true;
    process.emit('exit', exitCode ?? 0);
  }
  native.exit(Number(exitCode ?? 0));
}

Object.assign(process, {
  title: 'node', version: VERSION,
  versions: { node: VERSION.slice(1), quickjs: '0.16.2', modules: '115', uv: '1.46.0', v8: '11.3.244.8-node.38' },
  arch: 'x64', platform: 'linux', release: { name: 'node', lts: 'Iron' },
  argv: [], execArgv: [], env: environment, pid: 1, ppid: 0, execPath: '/usr/bin/node', debugPort: 9229, argv0: 'node',
  config: { target_defaults: {}, variables: {} },
  features: { inspector: false, debug: false, uv: true, ipv6: true, tls_alpn: true, tls_sni: true, tls_ocsp: true, tls: true },
  cwd: () => directory,
  chdir(to) {
    if (typeof to !== 'string') throw wrongType('directory', 'of type string', to);
    const path = require('path').resolve(to);
    const kind = native.kind(path);
    if (kind !== 1) {
      const code = kind < 0 ? 'ENOENT' : 'ENOTDIR';
      const error = system(code, 'chdir', directory, to);
      error.message = error.message.replace(`chdir '${directory}'`, `chdir ${directory}`);
      throw error;
    }
    directory = path;
  },
  exit(code) { leave(code); },
  reallyExit(code) { native.exit(Number(code ?? 0)); },
  abort() { native.exit(134); },
  kill(pid, signal = 'SIGTERM') {
    if (pid !== process.pid) throw system('EPERM', 'kill');
    if (signal === 0) return true;
    if (!process.emit(signal, signal)) native.exit(128 + (require('os').constants.signals[signal] ?? 15));
    return true;
  },
  nextTick: loop.nextTick,
  hrtime, memoryUsage,
  uptime: () => (native.hrtime() - started) / 1e9,
  cpuUsage(earlier) {
    const user = Math.round((native.hrtime() - started) / 1e3);
    return { user: user - (earlier?.user ?? 0), system: 0 };
  },
  resourceUsage: () => ({ userCPUTime: Math.round((native.hrtime() - started) / 1e3), systemCPUTime: 0, maxRSS: native.memory() / 1024 }),
  umask: () => 0o22,
  getuid: () => 1000, geteuid: () => 1000, getgid: () => 1000, getegid: () => 1000, getgroups: () => [1000],
  emitWarning(warning, type = 'Warning', code) {
    if (typeof type === 'object' && type !== null) ({ type = 'Warning', code } = type);
    let error = warning;
    if (typeof warning === 'string') {
      error = new Error(warning);
      error.name = type;
      if (code !== undefined) error.code = code;
    }
    if (error.name === 'DeprecationWarning' && process.noDeprecation) return;
    loop.nextTick(() => {
      if (process.env.NODE_NO_WARNINGS !== '1' && process.listenerCount('warning') === 0) {
        native.writeText(2, `(node:${process.pid}) ${error.code ? `[${error.code}] ` : ''}${error.name}: ${error.message}\n`);
      }
      process.emit('warning', error);
    });
  },
  setUncaughtExceptionCaptureCallback(callback) {
    process.removeAllListeners('uncaughtException');
    if (callback) process.on('uncaughtException', callback);
  },
  hasUncaughtExceptionCaptureCallback: () => process.listenerCount('uncaughtException') > 0,
  binding(name) { throw refused(`process.binding('${name}')`, 'there is no native code in the sandbox'); },
  dlopen() { throw coded(Error, 'ERR_DLOPEN_FAILED', 'Native addons do not load in the sandbox: use a package that is JavaScript only'); },
  allowedNodeEnvironmentFlags: new Set(),
  report: undefined,
});
delete process.report;

Object.defineProperty(process, 'exitCode', {
  get: () => exitCode,
  set(code) { exitCode = valid(code); },
  enumerable: true, configurable: true,
});
// What other modules of Node's own need, and no script lists.
for (const [name, value] of Object.entries({ leave, leaving: () => leaving })) {
  Object.defineProperty(process, name, { value, enumerable: false });
}

for (const [name, make] of Object.entries({
  stdin: () => require('internal/stdio').stdin(),
  stdout: () => require('internal/stdio').output(1),
  stderr: () => require('internal/stdio').output(2),
})) {
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make();
      Object.defineProperty(process, name, { value, configurable: true, enumerable: true, writable: true });
      return value;
    },
  });
}

module.exports = process;
