// The command line: a script, code, or standard input, with Node's options as far as they mean something here.
'use strict';

const Module = require('module');
const loop = require('internal/loop');
const path = require('path');

const USAGE = `Usage: node [options] [ script.js ] [arguments]
       node -e CODE | -p CODE | - [arguments]

  -e, --eval=CODE       evaluate CODE
  -p, --print=CODE      evaluate CODE and print the result
  -c, --check           check the script's syntax without running it
  -r, --require=MODULE  load a module first
  --import=MODULE       the same, by import
  --input-type=TYPE     what CODE and standard input are: commonjs or module
  --env-file=FILE       set variables from a file
  -v, --version         print Node's version that this is like
  -                     read the script from standard input
`;

// Options that steer V8, warnings or debugging: nothing here to steer.
const IGNORED = /^--(no-)?(warnings|deprecation|experimental|trace|enable-source-maps|stack-trace-limit|max[-_]|expose[-_]gc|unhandled-rejections|throw-deprecation|preserve-symlinks|harmony|use-|tls-|dns-|icu|title|disable-warning|disallow|frozen|pending|abort|jitless|optimize|interpreted|stack-size|conditions|loader|env-file-if-exists)/;

function main(args) {
  const command = native.command.split('/').at(-1);
  const options = { before: [] };
  if (/^(tsx|ts-node)$/.test(command)) Module.start.typescript();
  args = [...args];
  const value = (arg, name) => {
    const inline = /^--[^=]*=(.*)$/s.exec(arg);
    if (inline) return inline[1];
    if (!args.length) stop(9, `node: ${name} requires an argument\n`);
    return args.shift();
  };
  while (args.length && args[0].startsWith('-') && args[0] !== '-') {
    const arg = args.shift();
    if (arg === '--') break;
    if (arg === '-v' || arg === '--version') stop(0, `${process.version}\n`, 1);
    if (arg === '-h' || arg === '--help') stop(0, USAGE, 1);
    if (/^(-e|--eval(=.*)?)$/s.test(arg)) options.code = value(arg, arg);
    else if (/^(-p|-pe|--print(=.*)?)$/s.test(arg)) {
      options.print = true;
      if (options.code === undefined) options.code = value(arg, arg);
    } else if (arg === '-c' || arg === '--check') options.check = true;
    else if (/^(-r|--require(=.*)?)$/s.test(arg)) options.before.push(['require', value(arg, arg)]);
    else if (/^--import(=.*)?$/s.test(arg)) options.before.push(['import', value(arg, arg)]);
    else if (/^--input-type(=.*)?$/.test(arg)) options.type = value(arg, arg);
    else if (/^--env-file(=.*)?$/.test(arg)) variables(value(arg, arg));
    else if (arg === '-i' || arg === '--interactive') stop(9, 'node: -i is not available here: nobody types; use -e, or a script\n');
    else if (/^--(test|watch|inspect|inspect-brk|cpu-prof|heap-prof)/.test(arg)) stop(9, `node: ${arg} is not available here\n`);
    else if (!IGNORED.test(arg)) stop(9, `node: bad option: ${arg}\n`);
    if (arg !== '--') process.execArgv.push(arg);
  }
  process.argv0 = command;
  process.argv.push(process.execPath);
  let pending;
  try {
    pending = begin(options, args);
  } catch (error) {
    loop.uncaught(error);
    loop.settle();
  }
  if (pending) pending.then(() => { pending = undefined; }, (error) => { pending = undefined; loop.uncaught(error); });
  for (;;) {
    loop.turn();
    if (pending || !process.emit('beforeExit', process.exitCode ?? 0)) break;
    if (!loop.busy()) break;
  }
  if (pending) {
    native.writeText(2, 'Warning: Detected unsettled top-level await\n');
    process.leave(process.exitCode ?? 13);
  }
  process.leave();
}

function stop(code, text, stream = 2) {
  native.writeText(stream, text);
  native.exit(code);
}

// Starts; a promise where what was started goes on by itself.
function begin(options, args) {
  const imports = [];
  for (const [how, name] of options.before) {
    const base = `${process.cwd()}/[eval]`;
    if (how === 'require') Module.start.load(Module.start.find(name, base), undefined);
    else imports.push(/^[./]/.test(name) ? path.resolve(name) : name);
  }
  const first = async () => { for (const name of imports) await import(name); };
  if (options.code !== undefined) {
    process.argv.push(...args);
    return later(imports, first, () => evaluate(options.code, options, '[eval]'));
  }
  if (!args.length || args[0] === '-') {
    process.argv.push('-', ...args.slice(1));
    if (process.argv[1] === '-' && !args.length) process.argv.pop();
    return later(imports, first, () => evaluate(input(), options, '[stdin]'));
  }
  const [script, ...rest] = args;
  const named = path.resolve(script);
  let file;
  try {
    file = Module.start.find(named, `${process.cwd()}/[eval]`, undefined);
  } catch (error) {
    error.stack = error.stack.split('\n')[0];
    throw error;
  }
  if (/\.[cm]?ts$/.test(file)) Module.start.typescript();
  process.argv.push(file, ...rest);
  if (options.check) {
    check(file);
    return undefined;
  }
  return later(imports, first, () => {
    if (Module.start.isModule(file)) return import(file);
    Module.start.load(file, null);
    return undefined;
  });
}

const later = (imports, first, act) => (imports.length ? first().then(act) : act());

function input() {
  const parts = [];
  for (;;) {
    const part = native.readInput(65536);
    if (part.byteLength === 0) break;
    parts.push(new Uint8Array(part));
  }
  return require('buffer').Buffer.concat(parts).toString();
}

function check(file) {
  const source = native.readText(file).replace(/^#!/, '//#!');
  if (!Module.start.isModule(file)) native.compile(Module.wrap(source), file);
  else if (!native.isModule(source, file)) native.evaluateModule(file, source);
}

// Code of the command line. As a script it sees `require` and its like as globals.
function evaluate(code, options, name) {
  const base = `${process.cwd()}/${name}`;
  Module.sources.set(name, code);
  if (options.type === 'module') return asModule(code, base);
  const module = new Module(name, undefined);
  module.filename = base;
  module.paths = Module._nodeModulePaths(process.cwd());
  const globals = { module, exports: module.exports, require: Module.start.requireFor(module), __filename: name, __dirname: '.' };
  for (const [key, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, key, { value, writable: true, configurable: true, enumerable: false });
  }
  // Node's own modules are there by their names.
  for (const key of Module.builtinModules) {
    if (/[/_]/.test(key) || key in globalThis) continue;
    Object.defineProperty(globalThis, key, {
      configurable: true, enumerable: false,
      get: () => globals.require(key),
      set(value) { Object.defineProperty(globalThis, key, { value, writable: true, configurable: true, enumerable: true }); },
    });
  }
  if (code.startsWith('#!')) code = `//${code}`;
  let result;
  try {
    result = native.compile(code, name);
  } catch (error) {
    if (error instanceof SyntaxError && !options.print && options.type !== 'commonjs' && native.isModule(code, base)) return asModule(code, base);
    throw error;
  }
  if (options.print) console.log(result);
  return undefined;
}

function asModule(code, base) {
  return native.evaluateModule(base, code);
}

// The lines `NAME=value` of a file.
function variables(file) {
  let text;
  try {
    text = native.readText(path.resolve(file));
  } catch {
    stop(9, `node: ${file}: not found\n`);
  }
  for (const [name, value] of Object.entries(require('util').parseEnv(text))) process.env[name] ??= value;
}

module.exports = main;
