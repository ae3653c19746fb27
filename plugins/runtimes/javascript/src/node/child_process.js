// `child_process`: commands of installed runtimes, run as this process itself (the right `exec=NAME`).
'use strict';

const EventEmitter = require('events');
const loop = require('internal/loop');
const path = require('path');
const { coded, system, wrongType, refused, needString } = require('internal/errors');

// Where an operating system keeps its commands; here a command is found by its name alone.
const PLACES = /^(\/usr\/local|\/usr|\/opt\/homebrew)?\/s?bin\/([^/]+)$/;

// A script with a line `#!` names what runs it.
function interpreted(file, args, directory) {
  const where = path.resolve(directory, file);
  let first;
  try {
    first = /^#!\s*(\S+)[ \t]*([^\r\n]*)/.exec(native.readText(where));
  } catch {
    return undefined;
  }
  if (!first) return undefined;
  const [, program, rest] = first;
  const words = [program, ...rest.split(/\s+/).filter(Boolean)];
  if (path.basename(words[0]) === 'env') {
    words.shift();
    while (words[0]?.startsWith('-')) words.shift();
  }
  return [path.basename(words[0]), [...words.slice(1), where, ...args]];
}

function arranged(file, args, options) {
  needString(file, 'file');
  if (file === '') throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', "The argument 'file' cannot be empty. Received ''");
  if (!Array.isArray(args)) [args, options] = [[], args];
  if (args !== undefined && args !== null && !Array.isArray(args) && typeof args === 'object') [args, options] = [[], args];
  options = { ...options };
  args = args.map(String);
  let directory = options.cwd === undefined || options.cwd === null ? process.cwd() : options.cwd;
  if (typeof directory === 'object') directory = require('url').fileURLToPath(directory);
  directory = path.resolve(directory);
  const environment = Object.entries(options.env ?? process.env).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
  const shown = [file, ...args];
  if (options.shell) {
    args = ['-c', shown.join(' ')];
    file = typeof options.shell === 'string' ? options.shell : '/bin/sh';
  }
  let command = PLACES.exec(file)?.[2] ?? file;
  if (command.includes('/')) [command, args] = interpreted(file, args, directory) ?? [command, args];
  return { file, command, args, options, directory, environment, shown };
}

function streams(stdio, fallback) {
  const given = typeof stdio === 'string' ? [stdio, stdio, stdio] : stdio ?? [];
  return [0, 1, 2].map((index) => {
    const one = given[index] ?? fallback;
    if (one === 'inherit' || one === index || one === process.stdin || one === process.stdout || one === process.stderr || one?.fd === index) return 'inherit';
    if (one === 'ignore') return 'ignore';
    if (one === 'pipe' || one === 'overlapped') return 'pipe';
    throw refused('stdio of a child', `'pipe', 'inherit' and 'ignore' are, and not ${require('internal/inspect').inspect(one)}`);
  });
}

// Starts a child; what the system refuses is the error of Node's that names the call.
function start({ file, command, args, directory, environment }, stdio, syscall) {
  try {
    // Where this program itself was started may be nothing that it may look at.
    if (directory !== native.directory() && native.kind(directory) !== 1) throw new Error('ENOENT');
    if (command.includes('/')) throw new Error(native.kind(path.resolve(directory, command)) < 0 ? 'ENOENT' : 'EACCES');
    return native.spawn(command, args, environment, directory, stdio);
  } catch (error) {
    const [code, why] = String(error.message).split('\n');
    const failed = system(code, `${syscall} ${file}`);
    failed.message = `${syscall} ${file} ${code}${why ? ` (${why})` : ''}`;
    failed.stack = failed.stack.replace(/^[^\n]*/, `Error: ${failed.message}`);
    failed.path = file;
    failed.spawnargs = args;
    throw failed;
  }
}

const faulted = (text) => (text === 'killed' ? 'SIGTERM' : 'SIGKILL');

// Where a child was not ended by its own code, the last line of its stderr says by what.
const obituary = (file, text) => (text && text !== 'killed' ? `${file}: ended by the kernel: ${text}\n` : '');

function spawnSync(file, args, options) {
  const arrangement = arranged(file, args, options);
  options = arrangement.options;
  const stdio = streams(options.stdio, 'pipe');
  const outcome = { pid: 0, output: null, stdout: null, stderr: null, status: null, signal: null };
  let number;
  try {
    [number, outcome.pid] = start(arrangement, stdio, 'spawnSync');
  } catch (error) {
    return { error, status: null, signal: null, output: null, pid: 0, stdout: null, stderr: null };
  }
  const parts = [null, [], []];
  const sizes = [0, 0, 0];
  const most = options.maxBuffer ?? 1024 * 1024;
  let input = options.input === undefined || options.input === null ? Buffer.alloc(0) : typeof options.input === 'string' ? Buffer.from(options.input) : Buffer.from(options.input.buffer ?? options.input, options.input.byteOffset, options.input.byteLength);
  const end = options.timeout > 0 ? native.hrtime() / 1e6 + options.timeout : Infinity;
  const open = new Set([1, 2].filter((stream) => stdio[stream] === 'pipe'));
  let feeding = stdio[0] === 'pipe';
  if (feeding && !input.length) {
    native.childCloseInput(number);
    feeding = false;
  }
  let status = [];
  const kill = (code) => {
    native.childKill(number);
    outcome.error = Object.assign(system(code, `spawnSync ${file}`), { path: file, spawnargs: arrangement.args });
    outcome.error.message = `spawnSync ${file} ${code}`;
    outcome.signal = options.killSignal ?? 'SIGTERM';
  };
  for (;;) {
    const sources = [...open].map((stream) => [stream, number]);
    if (feeding) sources.push([4, number]);
    if (!sources.length) sources.push([3, number]);
    const left = end === Infinity ? -1 : Math.max(0, end - native.hrtime() / 1e6);
    const ready = native.wait(left, sources).map((index) => sources[index][0]);
    if (left === 0 && !ready.length) {
      kill('ETIMEDOUT');
      break;
    }
    for (const source of ready) {
      if (source === 4) {
        const taken = native.childWrite(number, input.subarray(0, 4096));
        input = taken < 0 ? Buffer.alloc(0) : input.subarray(taken);
        if (!input.length) {
          native.childCloseInput(number);
          feeding = false;
        }
      } else if (source !== 3) {
        const bytes = native.childRead(number, source);
        if (bytes.byteLength === 0) {
          open.delete(source);
        } else {
          parts[source].push(Buffer.from(bytes));
          sizes[source] += bytes.byteLength;
        }
      }
    }
    if (sizes[1] > most || sizes[2] > most) {
      kill('ENOBUFS');
      break;
    }
    if (!open.size && !feeding) {
      status = native.childStatus(number);
      if (status.length) break;
    }
  }
  native.childRelease(number);
  if (!outcome.error) {
    const [code, fault] = status;
    if (fault === undefined) outcome.status = Number(code);
    else outcome.signal = faulted(fault);
    const last = obituary(file, fault);
    if (last && stdio[2] === 'pipe') parts[2].push(Buffer.from(last));
    else if (last) native.writeText(2, last);
  }
  const whole = (stream) => {
    if (stdio[stream] !== 'pipe') return null;
    const bytes = Buffer.concat(parts[stream]).subarray(0, most);
    return options.encoding && options.encoding !== 'buffer' ? bytes.toString(options.encoding) : bytes;
  };
  outcome.stdout = whole(1);
  outcome.stderr = whole(2);
  outcome.output = [null, outcome.stdout, outcome.stderr];
  return outcome;
}

// Throws where a command did not end well, as execSync and execFileSync do.
function checked(outcome, shown, options) {
  if (outcome.stderr?.length && options.stdio === undefined) {
    process.stderr.write(outcome.stderr);
  }
  if (outcome.error || outcome.status !== 0) {
    let error = outcome.error;
    if (!error) {
      let text = `Command failed: ${shown}`;
      if (outcome.stderr?.length) text += `\n${outcome.stderr.toString()}`;
      error = new Error(text);
    }
    const { error: own, ...rest } = outcome;
    throw Object.assign(error, own ? {} : rest, own ? { stdout: rest.stdout, stderr: rest.stderr } : {});
  }
  return outcome.stdout;
}

function execFileSync(file, args, options) {
  if (!Array.isArray(args)) [args, options] = [[], args];
  return checked(spawnSync(file, args, options), [file, ...args].join(' '), options ?? {});
}

function execSync(command, options) {
  needString(command, 'command');
  return checked(spawnSync(command, [], { ...options, shell: options?.shell ?? true }), command, options ?? {});
}

class ChildProcess extends EventEmitter {
  constructor() {
    super();
    Object.assign(this, { pid: undefined, stdin: null, stdout: null, stderr: null, stdio: [null, null, null], exitCode: null, signalCode: null, killed: false, connected: false, spawnfile: null, spawnargs: [] });
    Object.defineProperty(this, '_referenced', { value: true, writable: true, enumerable: false });
  }
  kill(signal = 'SIGTERM') {
    if (this._number === undefined || this.exitCode !== null || this.signalCode !== null) return false;
    if (signal === 0) return true;
    this.killed = true;
    this._signal = typeof signal === 'string' ? signal : 'SIGTERM';
    return native.childKill(this._number) ?? false;
  }
  ref() { this._referenced = true; }
  unref() { this._referenced = false; }
  disconnect() { throw refused('a channel to a child', 'children have standard streams'); }
  send() { throw refused('a channel to a child', 'children have standard streams'); }
}

function reader(child, kind) {
  const { Readable } = require('internal/stream');
  const source = {
    kind, number: child._number, asked: false, over: false,
    get referenced() { return child._referenced; },
    wanted: () => source.asked && !source.over,
  };
  const stream = new Readable({ read() { source.asked = true; } });
  source.ready = () => {
    const bytes = native.childRead(child._number, kind);
    if (bytes.byteLength === 0) {
      source.over = true;
      loop.sources.delete(source);
      stream.push(null);
    } else {
      source.asked = false;
      stream.push(Buffer.from(bytes));
    }
  };
  loop.sources.add(source);
  return stream;
}

function writer(child) {
  const { Writable } = require('internal/stream');
  let current;
  const source = {
    kind: 4, number: child._number,
    get referenced() { return child._referenced; },
    wanted: () => current !== undefined,
    ready() {
      const { bytes, done } = current;
      const taken = native.childWrite(child._number, bytes.subarray(0, 4096));
      if (taken >= 0 && taken < bytes.length) {
        current = { bytes: bytes.subarray(taken), done };
        return;
      }
      current = undefined;
      done(taken < 0 ? system('EPIPE', 'write') : undefined);
    },
  };
  loop.sources.add(source);
  return new Writable({
    write(chunk, encoding, done) {
      current = { bytes: Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding), done };
    },
    final(done) {
      native.childCloseInput(child._number);
      loop.sources.delete(source);
      done();
    },
    destroy(error, done) {
      native.childCloseInput(child._number);
      loop.sources.delete(source);
      done(error);
    },
  });
}

function spawn(file, args, options) {
  const arrangement = arranged(file, args, options);
  options = arrangement.options;
  const stdio = streams(options.stdio, 'pipe');
  const child = new ChildProcess();
  child.spawnfile = arrangement.file;
  child.spawnargs = [arrangement.file, ...arrangement.args];
  let number;
  try {
    [number, child.pid] = start(arrangement, stdio, 'spawn');
  } catch (error) {
    for (const [index, name] of ['stdin', 'stdout', 'stderr'].entries()) {
      if (stdio[index] !== 'pipe') continue;
      const { Readable, Writable } = require('internal/stream');
      child[name] = index ? new Readable({ read() { this.push(null); } }) : new Writable({ write(chunk, encoding, done) { done(); } });
      child.stdio[index] = child[name];
    }
    process.nextTick(() => {
      child.emit('error', error);
      child.emit('close', error.errno, null);
    });
    return child;
  }
  Object.defineProperty(child, '_number', { value: number, enumerable: false });
  if (stdio[0] === 'pipe') child.stdio[0] = child.stdin = writer(child);
  if (stdio[1] === 'pipe') child.stdio[1] = child.stdout = reader(child, 1);
  if (stdio[2] === 'pipe') child.stdio[2] = child.stderr = reader(child, 2);
  let closing = 1;
  const close = () => {
    if (--closing === 0) {
      native.childRelease(number);
      child.emit('close', child.exitCode, child.signalCode);
    }
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    closing++;
    stream.once('close', close);
  }
  const end = {
    kind: 3, number, wanted: () => true,
    get referenced() { return child._referenced; },
    ready() {
      const [code, fault] = native.childStatus(number);
      if (code === undefined) return;
      loop.sources.delete(end);
      if (fault === undefined) child.exitCode = Number(code);
      else child.signalCode = child._signal ?? faulted(fault);
      if (fault !== undefined && fault !== 'killed') native.writeText(2, obituary(file, fault));
      child.stdin?.destroy();
      child.emit('exit', child.exitCode, child.signalCode);
      // What nobody reads is let go of, so that the end can come.
      for (const stream of [child.stdout, child.stderr]) if (stream && stream.readableFlowing === null && stream.listenerCount('readable') === 0) stream.resume();
      close();
    },
  };
  loop.sources.add(end);
  process.nextTick(() => child.emit('spawn'));
  const timer = options.timeout > 0 ? setTimeout(() => child.kill(options.killSignal), options.timeout) : undefined;
  child.once('exit', () => clearTimeout(timer));
  if (options.signal) {
    const abort = () => {
      child.kill(options.killSignal);
      const error = coded(Error, 'ABORT_ERR', 'The operation was aborted', { cause: options.signal.reason });
      error.name = 'AbortError';
      child.emit('error', error);
    };
    if (options.signal.aborted) process.nextTick(abort);
    else options.signal.addEventListener('abort', abort, { once: true });
  }
  return child;
}

function execFile(file, args, options, callback) {
  if (typeof args === 'function') [args, callback] = [[], args];
  else if (!Array.isArray(args)) [args, options, callback] = [[], args, options];
  if (typeof options === 'function') [options, callback] = [{}, options];
  const settings = { encoding: 'utf8', maxBuffer: 1024 * 1024, ...options };
  const child = spawn(file, args, settings);
  const shown = settings.shell ? file : [file, ...(args ?? [])].join(' ');
  const parts = { stdout: [], stderr: [] };
  let failure;
  for (const name of ['stdout', 'stderr']) {
    let size = 0;
    child[name]?.on('data', (chunk) => {
      size += chunk.length;
      parts[name].push(chunk);
      if (size > settings.maxBuffer && !failure) {
        failure = coded(RangeError, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', `${name} maxBuffer length exceeded`);
        child.kill(settings.killSignal);
      }
    });
  }
  child.on('error', (error) => { failure ??= error; });
  child.on('close', (code, signal) => {
    const text = (name) => {
      const whole = Buffer.concat(parts[name]);
      return settings.encoding && settings.encoding !== 'buffer' ? whole.toString(settings.encoding) : whole;
    };
    const [stdout, stderr] = [text('stdout'), text('stderr')];
    if (!callback) return;
    if (!failure && code === 0 && signal === null) {
      callback(null, stdout, stderr);
      return;
    }
    const error = failure ?? new Error(`Command failed: ${shown}\n${stderr}`);
    if (!failure) Object.assign(error, { code: code ?? null, killed: child.killed, signal: signal ?? null, cmd: shown });
    else error.cmd ??= shown;
    callback(error, stdout, stderr);
  });
  return child;
}

function exec(command, options, callback) {
  if (typeof options === 'function') [options, callback] = [{}, options];
  return execFile(command, [], { ...options, shell: options?.shell || true }, callback);
}

const custom = Symbol.for('nodejs.util.promisify.custom');
for (const act of [exec, execFile]) {
  Object.defineProperty(act, custom, {
    enumerable: false,
    value: (...args) => {
      let child;
      const promise = new Promise((resolve, reject) => {
        child = act(...args, (error, stdout, stderr) => {
          if (error) reject(Object.assign(error, { stdout, stderr }));
          else resolve({ stdout, stderr });
        });
      });
      promise.child = child;
      return promise;
    },
  });
}

function fork(script) {
  if (typeof script !== 'string') throw wrongType('modulePath', 'of type string', script);
  throw refused('child_process.fork', `there is no channel to a child; use spawn(process.execPath, [${JSON.stringify(script)}])`);
}

module.exports = { ChildProcess, spawn, spawnSync, exec, execSync, execFile, execFileSync, fork };
