// `module`: how scripts find and load each other, by Node's rules: CommonJS, ECMAScript modules, packages.
'use strict';

const path = require('path');
const { coded, translated, needString, refused } = require('internal/errors');

const ENTRIES = ['.js', '.json', '.node'];
const TYPESCRIPT = /\.[cm]?ts$/;
// What `require` of a module finds where it names no file: those first that Node has.
const endings = () => (typescript ? [...ENTRIES, '.ts', '.cjs', '.mjs', '.cts', '.mts'] : ENTRIES);
let typescript = false;

// The text of what was loaded, for the line below which an error is marked.
const sources = new Map();
const packages = new Map();
const handed = new Map();
const cache = Object.create(null);

const isFile = (file) => native.kind(file) === 0;
const isDirectory = (file) => native.kind(file) === 1;

// Modules that scripts may ask for: Node's own names, and no parts of them.
// Those of the second list are in internal/refused, which is loaded when one of them is.
const REFUSED = [
  'cluster', 'dgram', 'dns', 'dns/promises', 'http2', 'inspector', 'net', 'repl', 'tls', 'trace_events', 'wasi', 'worker_threads',
];
// Only by its whole name: a package may have the short one.
const PREFIXED = new Set(['test']);
const builtinModules = [...require.names].filter((name) => !name.startsWith('internal/') && !PREFIXED.has(name)).concat(REFUSED).sort();
const builtins = new Set(builtinModules);
const isBuiltin = (name) => (name.startsWith('node:') ? builtins.has(name.slice(5)) || PREFIXED.has(name.slice(5)) : builtins.has(name));

function builtin(name) {
  const short = name.startsWith('node:') ? name.slice(5) : name;
  if (!isBuiltin(name)) throw coded(Error, 'ERR_UNKNOWN_BUILTIN_MODULE', `No such built-in module: ${name}`);
  return require.names.has(short) ? require(short) : require('internal/refused').module(short);
}

// The package.json of a folder, if it has one.
function manifest(folder) {
  if (packages.has(folder)) return packages.get(folder);
  const file = `${folder === '/' ? '' : folder}/package.json`;
  let found = null;
  if (isFile(file)) {
    try {
      found = { folder, ...JSON.parse(native.readText(file)) };
    } catch (error) {
      throw coded(Error, 'ERR_INVALID_PACKAGE_CONFIG', `Invalid package config ${file}. ${error.message}`);
    }
  }
  packages.set(folder, found);
  return found;
}

// A run's own folders. Nothing of a script's lies above them, and looking there would be a denial on record.
const TOPS = ['/skill', '/work', '/tmp'];

// A folder and those above it, up to the top.
function* above(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    yield at;
    if (at === '/' || TOPS.includes(at)) return;
  }
}

// The package.json that holds for a file.
function scope(file) {
  for (const folder of above(path.dirname(file))) {
    if (folder.endsWith('/node_modules')) return null;
    const found = manifest(folder);
    if (found) return found;
  }
  return null;
}

// module, commonjs or json; undefined where the text itself has to tell.
function formatOf(file) {
  if (/\.m[jt]s$/.test(file)) return 'module';
  if (/\.c[jt]s$/.test(file)) return 'commonjs';
  if (file.endsWith('.json')) return 'json';
  if (/\.[jt]s$/.test(file)) {
    const type = scope(file)?.type;
    if (type === 'module' || type === 'commonjs') return type;
    return undefined;
  }
  return 'commonjs';
}

function nodeModules(folder) {
  return [...above(folder)].filter((at) => !at.endsWith('/node_modules')).map((at) => (at === '/' ? '/node_modules' : `${at}/node_modules`));
}

// What a package exports under a name, by conditions.
function exported(target, conditions, star) {
  if (typeof target === 'string') return star === undefined ? target : target.replaceAll('*', () => star);
  if (Array.isArray(target)) {
    for (const one of target) {
      const found = exported(one, conditions, star);
      if (found) return found;
    }
    return undefined;
  }
  if (target && typeof target === 'object') {
    for (const [condition, one] of Object.entries(target)) {
      if (condition !== 'default' && !conditions.includes(condition)) continue;
      const found = exported(one, conditions, star);
      if (found !== undefined) return found;
    }
  }
  return target === null ? null : undefined;
}

function matched(map, name, conditions) {
  if (Object.hasOwn(map, name) && !name.includes('*')) return exported(map[name], conditions);
  let best;
  for (const pattern of Object.keys(map)) {
    const [before, after, ...rest] = pattern.split('*');
    if (after === undefined || rest.length) continue;
    if (name.startsWith(before) && name.endsWith(after) && name.length >= pattern.length && (!best || before.length > best.before.length)) {
      best = { before, after, target: map[pattern] };
    }
  }
  return best && exported(best.target, conditions, name.slice(best.before.length, name.length - best.after.length));
}

function fromExports(about, subpath, conditions, base) {
  let map = about.exports;
  const keyed = map && typeof map === 'object' && !Array.isArray(map) && Object.keys(map).some((key) => key.startsWith('.'));
  if (!keyed) map = { '.': map };
  const target = matched(map, subpath, conditions);
  if (target) return path.join(about.folder, target);
  const what = subpath === '.'
    ? `No "exports" main defined in ${about.folder}/package.json`
    : `Package subpath '${subpath}' is not defined by "exports" in ${about.folder}/package.json`;
  throw coded(Error, 'ERR_PACKAGE_PATH_NOT_EXPORTED', base ? `${what} imported from ${base}` : what);
}

function split(name) {
  const parts = name.split('/');
  const package_ = parts.splice(0, name.startsWith('@') ? 2 : 1).join('/');
  return [package_, parts.length ? `./${parts.join('/')}` : '.'];
}

function fromImports(name, from, conditions) {
  const about = scope(from);
  const target = about?.imports && matched(about.imports, name, conditions);
  if (!target) throw coded(TypeError, 'ERR_PACKAGE_IMPORT_NOT_DEFINED', `Package import specifier "${name}" is not defined${about ? ` in package ${about.folder}/package.json` : ''} imported from ${from}`);
  return target.startsWith('./') ? path.join(about.folder, target) : target;
}

// TypeScript names what a file will be compiled to.
function written(file) {
  if (!typescript || isFile(file)) return file;
  const source = file.replace(/\.([cm]?)js$/, '.$1ts');
  return source !== file && isFile(source) ? source : file;
}

function asFile(file) {
  const own = written(file);
  if (isFile(own)) return own;
  for (const ending of endings()) if (isFile(file + ending)) return file + ending;
  return undefined;
}

function asFolder(folder) {
  if (!isDirectory(folder)) return undefined;
  const main = manifest(folder)?.main;
  if (main) {
    const file = path.resolve(folder, main);
    const found = asFile(file) ?? asFile(`${file}/index`);
    if (found) return found;
  }
  return asFile(`${folder === '/' ? '' : folder}/index`);
}

const REQUIRED = ['node', 'require', 'module-sync', 'node-addons'];
const IMPORTED = ['node', 'import', 'module-sync', 'node-addons'];

// What `require(name)` in a file means.
function find(name, from, parent) {
  if (isBuiltin(name)) return name;
  const folder = path.dirname(from);
  if (name.startsWith('#')) {
    const target = fromImports(name, from, REQUIRED);
    if (!target.startsWith('/')) return find(target, from, parent);
    const found = asFile(target);
    if (found) return found;
  } else if (/^(\.\.?(\/|$)|\/)/.test(name)) {
    const file = path.resolve(folder, name);
    const found = (/(^|\/)\.{0,2}$|\/$/.test(name) ? undefined : asFile(file)) ?? asFolder(file);
    if (found) return found;
  } else {
    const [package_, subpath] = split(name);
    const self = scope(from);
    if (self?.name === package_ && self.exports) return fromExports(self, subpath, REQUIRED);
    for (const modules of nodeModules(folder)) {
      const about = isDirectory(`${modules}/${package_}`) && manifest(`${modules}/${package_}`);
      if (about?.exports) return fromExports(about, subpath, REQUIRED);
      const found = asFile(`${modules}/${name}`) ?? asFolder(`${modules}/${name}`);
      if (found) return found;
    }
  }
  const stack = [];
  for (let at = parent; at; at = at.parent) stack.push(at.filename ?? at.id);
  const error = new Error(`Cannot find module '${name}'${stack.length ? `\nRequire stack:\n- ${stack.join('\n- ')}` : ''}`);
  error.code = 'MODULE_NOT_FOUND';
  error.requireStack = stack;
  throw error;
}

// What `import name` in a file means: a file, or `node:` and a name.
function resolve(base, name) {
  base = base.replace(/\?.*$/s, '');
  if (isBuiltin(name)) return name.startsWith('node:') ? name : `node:${name}`;
  if (name.startsWith('node:')) throw coded(Error, 'ERR_UNKNOWN_BUILTIN_MODULE', `No such built-in module: ${name}`);
  if (name.startsWith('#')) {
    const target = fromImports(name, base, IMPORTED);
    return target.startsWith('/') ? existing(target, base) : resolve(base, target);
  }
  if (/^(\.\.?(\/|$)|\/)/.test(name)) {
    // A query makes another module of the same file.
    const [, bare, query] = /^([^?#]*)(.*)$/s.exec(name);
    return existing(path.resolve(path.dirname(base), decoded(bare)), base) + query;
  }
  if (name.startsWith('file:')) return existing(require('url').fileURLToPath(name), base);
  if (name.startsWith('data:')) return name;
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) {
    throw coded(Error, 'ERR_UNSUPPORTED_ESM_URL_SCHEME', `Only URLs with a scheme in: file, data, and node are supported by the default ESM loader. Received protocol '${/^[^:]*:/.exec(name)[0]}'`);
  }
  const [package_, subpath] = split(name);
  const self = scope(base);
  if (self?.name === package_ && self.exports) return existing(fromExports(self, subpath, IMPORTED, base), base);
  for (const modules of nodeModules(path.dirname(base))) {
    const folder = `${modules}/${package_}`;
    if (!isDirectory(folder)) continue;
    const about = manifest(folder);
    if (about?.exports) return existing(fromExports(about, subpath, IMPORTED, base), base);
    if (subpath !== '.') return existing(path.join(folder, subpath), base);
    const found = asFolder(folder);
    if (found) return found;
  }
  throw coded(Error, 'ERR_MODULE_NOT_FOUND', `Cannot find package '${package_}' imported from ${base}`);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function existing(file, base) {
  const own = written(file);
  const kind = native.kind(own);
  if (kind === 0) return own;
  if (typescript) {
    const found = asFile(file) ?? asFolder(file);
    if (found) return found;
  }
  if (kind === 1) {
    throw coded(Error, 'ERR_UNSUPPORTED_DIR_IMPORT', `Directory import '${file}' is not supported resolving ES modules imported from ${base}`);
  }
  throw coded(Error, 'ERR_MODULE_NOT_FOUND', `Cannot find module '${file}' imported from ${base}`, { url: require('url').pathToFileURL(file).href });
}

// A file's text as the engine takes it.
function text(file) {
  let source;
  try {
    source = native.readText(file);
  } catch (error) {
    throw translated(error, 'open', file);
  }
  if (source.charCodeAt(0) === 0xfeff) source = source.slice(1);
  sources.set(file, source);
  if (source.startsWith('#!')) source = `//${source}`;
  if (TYPESCRIPT.test(file)) source = require('internal/typescript')(source, file);
  return source;
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

// A module of which the values exist already.
function bridge(name, value) {
  handed.set(name, value);
  const keys = value !== null && (typeof value === 'object' || typeof value === 'function')
    ? Object.keys(value).filter((key) => key !== 'default' && IDENTIFIER.test(key)) : [];
  const lines = keys.map((key, index) => `const $${index} = all.${key}; export { $${index} as ${key} };`);
  return `const all = globalThis[${JSON.stringify(RULES)}].handed(${JSON.stringify(name)}); export default all; ${lines.join(' ')}`;
}

// The text that the engine compiles for a module it does not have yet.
function read(name) {
  if (name.startsWith('node:')) return bridge(name, builtin(name));
  if (name.startsWith('data:')) return dataModule(name);
  const file = name.replace(/\?.*$/s, '');
  const format = formatOf(file);
  if (format === 'json') return bridge(name, cache[file]?.exports ?? load(file, undefined).exports);
  if (format === 'module') return text(file);
  if (format === 'commonjs' || cache[file]) return bridge(name, load(file, undefined).exports);
  const source = text(file);
  if (!parses(source, file) && native.isModule(source, file)) return source;
  return bridge(name, load(file, undefined).exports);
}

function dataModule(url) {
  const [, type, base64, body] = /^data:([^;,]*)[^,]*?(;base64)?,(.*)$/s.exec(url) ?? [];
  const source = base64 ? require('buffer').Buffer.from(body, 'base64').toString() : decodeURIComponent(body ?? '');
  if (type === 'application/json') return bridge(url, JSON.parse(source));
  return source;
}

function describe(meta, name) {
  if (!name.startsWith('/')) {
    meta.url = name;
    return;
  }
  const file = name.replace(/\?.*$/s, '');
  meta.dirname = path.dirname(file);
  meta.filename = file;
  meta.resolve = (other) => {
    const found = resolve(file, String(other));
    return found.startsWith('/') ? require('url').pathToFileURL(found).href : found;
  };
  meta.url = require('url').pathToFileURL(file).href + name.slice(file.length);
}

const wrapped = (source) => `(function (exports, require, module, __filename, __dirname) { ${source}\n})`;

// Whether a text is a function's body, as a module of CommonJS has to be.
function parses(source, file) {
  try {
    native.compile(wrapped(source), file);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

class Module {
  constructor(id = '', parent) {
    this.id = id;
    this.path = path.dirname(id);
    this.exports = {};
    Object.defineProperty(this, 'parent', { value: parent, writable: true, configurable: true, enumerable: false });
    this.filename = null;
    this.loaded = false;
    this.children = [];
    this.paths = [];
    if (parent?.children && !parent.children.includes(this)) parent.children.push(this);
  }
  require(name) {
    needString(name, 'id');
    if (name === '') throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', "The argument 'id' must be a non-empty string. Received ''");
    return Module._load(name, this);
  }
  _compile(source, file) {
    run(this, source, file);
  }
  load(file) {
    this.filename = file;
    this.paths = nodeModules(path.dirname(file));
    const ending = path.extname(file);
    (Module._extensions[ending] ?? Module._extensions['.js'])(this, file);
    this.loaded = true;
  }
}

function run(module, source, file) {
  let body;
  require('internal/stack').wrapped.add(file);
  try {
    body = native.compile(wrapped(source), file);
  } catch (error) {
    // What is no script may be a module: Node looks as well.
    if (error instanceof SyntaxError && formatOf(file) === undefined && native.isModule(source, file)) {
      module.exports = moduleNow(file);
      return;
    }
    throw error;
  }
  const requiring = requireFor(module);
  Reflect.apply(body, module.exports, [module.exports, requiring, module, file, path.dirname(file)]);
}

// A module of ECMAScript for whoever requires it.
function moduleNow(file) {
  const all = native.importNow(file);
  if (all === undefined) {
    throw coded(Error, 'ERR_REQUIRE_ASYNC_MODULE', 'require() cannot be used on an ESM graph with top-level await. Use import() instead. To see where the top-level await comes from, use --experimental-print-required-tla.');
  }
  return Object.hasOwn(all, 'module.exports') ? all['module.exports'] : all;
}

function requireFor(module) {
  const requiring = function require(name) { return module.require(name); };
  requiring.resolve = function resolve(name, options) {
    needString(name, 'request');
    for (const folder of options?.paths ?? []) {
      try {
        return find(name, `${path.resolve(folder)}/noop.js`, module);
      } catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND') throw error;
      }
    }
    return find(name, module.filename ?? `${process.cwd()}/[eval]`, module);
  };
  requiring.resolve.paths = (name) => (isBuiltin(name) ? null : nodeModules(path.dirname(module.filename)));
  requiring.main = Module.main;
  requiring.extensions = Module._extensions;
  requiring.cache = cache;
  return requiring;
}

function load(file, parent) {
  const known = cache[file];
  if (known) {
    if (parent && !parent.children.includes(known)) parent.children.push(known);
    return known;
  }
  const module = new Module(file, parent);
  if (parent === null) {
    module.id = '.';
    Module.main = module;
    process.mainModule = module;
  }
  cache[file] = module;
  try {
    module.load(file);
  } catch (error) {
    delete cache[file];
    throw error;
  }
  return module;
}

Object.assign(Module, {
  Module, builtinModules, isBuiltin, sources,
  _cache: cache, _pathCache: Object.create(null), globalPaths: [], main: undefined,
  _load(name, parent) {
    if (isBuiltin(name)) return builtin(name);
    if (name.startsWith('node:')) return builtin(name);
    return load(Module._resolveFilename(name, parent), parent).exports;
  },
  _resolveFilename: (name, parent) => find(name, parent?.filename ?? `${process.cwd()}/[eval]`, parent),
  _nodeModulePaths: nodeModules,
  _extensions: {
    '.js'(module, file) {
      if (formatOf(file) === 'module') module.exports = moduleNow(file);
      else module._compile(text(file), file);
    },
    '.json'(module, file) {
      try {
        module.exports = JSON.parse(text(file).replace(/^\/\/#!/, '#!'));
      } catch (error) {
        if (error instanceof SyntaxError) error.message = `${file}: ${error.message}`;
        throw error;
      }
    },
    '.node'(module, file) {
      throw coded(Error, 'ERR_DLOPEN_FAILED', `${file}: native addons do not load in the sandbox: use a package that is JavaScript only`);
    },
  },
  wrap: wrapped,
  createRequire(file) {
    const from = file instanceof URL || String(file).startsWith('file:') ? require('url').fileURLToPath(file) : file;
    if (typeof from !== 'string' || !from.startsWith('/')) {
      throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'filename' must be a file URL object, file URL string, or absolute path string. Received ${require('internal/inspect').inspect(file)}`);
    }
    const module = new Module(from);
    module.filename = from.endsWith('/') ? `${from}noop.js` : from;
    module.paths = nodeModules(path.dirname(module.filename));
    return requireFor(module);
  },
  findPackageJSON: (name, base) => scope(base ? path.resolve(path.dirname(base), name) : name)?.folder,
  syncBuiltinESMExports() {},
  register() { throw refused('module.register', 'modules are loaded by Node\'s own rules only'); },
});

const RULES = '\0holm:modules';
Object.defineProperty(globalThis, RULES, {
  value: { resolve, read, describe, handed: (name) => handed.get(name), rejected: require('internal/loop').rejected },
});

// What the command line needs of this: a script's start.
Object.defineProperty(Module, 'start', {
  enumerable: false,
  value: {
    find, load, requireFor, formatOf,
    // Whether a file is a module: by its name, its package, or what it says.
    isModule(file) {
      const format = formatOf(file);
      if (format !== undefined) return format === 'module';
      const source = text(file);
      return !parses(source, file) && native.isModule(source, file);
    },
    typescript() { typescript = true; },
  },
});

module.exports = Module;
