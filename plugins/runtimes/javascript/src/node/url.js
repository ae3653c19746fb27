// `url`: addresses as browsers read them, and as Node once did.
'use strict';

const path = require('path');
const { coded, wrongType, needString } = require('internal/errors');
const custom = Symbol.for('nodejs.util.inspect.custom');

const NAMES = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];

class URLSearchParams {
  #pairs = [];
  #changed;
  constructor(init) {
    if (init === undefined || init === null) return;
    if (typeof init === 'object' || typeof init === 'function') {
      if (typeof init[Symbol.iterator] === 'function') {
        for (const pair of init) {
          if (pair === null || typeof pair !== 'object' || typeof pair[Symbol.iterator] !== 'function' || [...pair].length !== 2) {
            throw coded(TypeError, 'ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple');
          }
          const [name, value] = pair;
          this.#pairs.push([usv(name), usv(value)]);
        }
      } else {
        for (const name of Reflect.ownKeys(init)) {
          if (Object.prototype.propertyIsEnumerable.call(init, name)) this.#pairs.push([usv(name), usv(init[name])]);
        }
      }
    } else {
      this.#pairs = pairs(String(init).replace(/^\?/, ''));
    }
  }
  static bind(params, text, changed) {
    params.#pairs = pairs(text.replace(/^\?/, ''));
    params.#changed = changed;
  }
  #told() { this.#changed?.(this.toString()); }
  get size() { return this.#pairs.length; }
  append(name, value) {
    this.#pairs.push([usv(name), usv(value)]);
    this.#told();
  }
  delete(name, value) {
    name = usv(name);
    this.#pairs = this.#pairs.filter(([own, other]) => own !== name || (value !== undefined && other !== usv(value)));
    this.#told();
  }
  get(name) { return this.#pairs.find(([own]) => own === usv(name))?.[1] ?? null; }
  getAll(name) { return this.#pairs.filter(([own]) => own === usv(name)).map(([, value]) => value); }
  has(name, value) { return this.#pairs.some(([own, other]) => own === usv(name) && (value === undefined || other === usv(value))); }
  set(name, value) {
    name = usv(name);
    const index = this.#pairs.findIndex(([own]) => own === name);
    if (index < 0) {
      this.#pairs.push([name, usv(value)]);
    } else {
      this.#pairs[index][1] = usv(value);
      this.#pairs = this.#pairs.filter(([own], at) => own !== name || at === index);
    }
    this.#told();
  }
  sort() {
    this.#pairs.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
    this.#told();
  }
  forEach(act, self) { for (const [name, value] of this.#pairs) act.call(self, value, name, this); }
  *entries() { for (const pair of this.#pairs) yield [...pair]; }
  *keys() { for (const [name] of this.#pairs) yield name; }
  *values() { for (const [, value] of this.#pairs) yield value; }
  toString() { return this.#pairs.map(([name, value]) => `${form(name)}=${form(value)}`).join('&'); }
  [Symbol.iterator]() { return this.entries(); }
  get [Symbol.toStringTag]() { return 'URLSearchParams'; }
  [custom](depth, options, inspect) {
    const shown = this.#pairs.map(([name, value]) => `${inspect(name, options)} => ${inspect(value, options)}`);
    return shown.length ? `URLSearchParams { ${shown.join(', ')} }` : 'URLSearchParams {}';
  }
}
const bind = URLSearchParams.bind;
delete URLSearchParams.bind;

const usv = (value) => (typeof value === 'symbol' ? String(`${value}`) : `${value}`).toWellFormed();
const form = (text) => encodeURIComponent(text).replace(/%20|[!'()~]/g, (part) => (part === '%20' ? '+' : `%${part.charCodeAt(0).toString(16).toUpperCase()}`));
const unform = (text) => {
  text = text.replaceAll('+', ' ');
  if (!text.includes('%')) return text;
  const parts = Buffer.from(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  const bytes = [];
  for (let index = 0; index < parts.length; index++) {
    if (parts[index] === 37) {
      bytes.push(parseInt(parts.toString('latin1', index + 1, index + 3), 16));
      index += 2;
    } else {
      bytes.push(parts[index]);
    }
  }
  return Buffer.from(bytes).toString();
};
const pairs = (text) => text.split('&').filter(Boolean).map((pair) => {
  const at = pair.indexOf('=');
  return at < 0 ? [unform(pair), ''] : [unform(pair.slice(0, at)), unform(pair.slice(at + 1))];
});

class URL {
  #parts;
  #params;
  constructor(address, base) {
    if (arguments.length === 0) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "url" argument must be specified');
    this.#parts = native.urlParse(`${address}`, base === undefined ? undefined : `${base}`);
    if (!this.#parts.length) {
      throw coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL', { input: `${address}`, ...(base !== undefined && { base: `${base}` }) });
    }
  }
  static canParse(address, base) { return native.urlParse(`${address}`, base === undefined ? undefined : `${base}`).length > 0; }
  static parse(address, base) { return URL.canParse(address, base) ? new URL(address, base) : null; }
  static createObjectURL() { throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'URL.createObjectURL is not available here: there is no store of blobs'); }
  static revokeObjectURL() {}
  get searchParams() {
    if (!this.#params) {
      this.#params = new URLSearchParams();
      bind(this.#params, this.#parts[9], (text) => { this.#parts = native.urlSet(this.#parts[0], 'search', text); });
    }
    return this.#params;
  }
  toString() { return this.#parts[0]; }
  toJSON() { return this.#parts[0]; }
  static part(url, index) { return url.#parts[index]; }
  static change(url, name, value) {
    if (name === 'href') {
      const parts = native.urlParse(`${value}`);
      if (!parts.length) throw coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL', { input: `${value}` });
      url.#parts = parts;
    } else {
      url.#parts = native.urlSet(url.#parts[0], name, `${value}`);
    }
    if (url.#params && (name === 'href' || name === 'search')) bind(url.#params, url.#parts[9], (text) => { url.#parts = native.urlSet(url.#parts[0], 'search', text); });
  }
  get [Symbol.toStringTag]() { return 'URL'; }
  [custom](depth, options, inspect) {
    if (depth < 0) return '[URL]';
    const shown = {};
    for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']) shown[name] = this[name];
    return `URL ${inspect(shown, options)}`;
  }
}
const { part, change } = URL;
delete URL.part;
delete URL.change;
NAMES.forEach((name, index) => {
  Object.defineProperty(URL.prototype, name, {
    get() { return part(this, index); },
    set: name === 'origin' ? undefined : function (value) { change(this, name, value); },
    enumerable: true, configurable: true,
  });
});
for (const name of ['searchParams', 'toString', 'toJSON']) Object.defineProperty(URL.prototype, name, { enumerable: true });
for (const name of ['append', 'delete', 'get', 'getAll', 'has', 'set', 'sort', 'forEach', 'entries', 'keys', 'values', 'toString', 'size']) Object.defineProperty(URLSearchParams.prototype, name, { enumerable: true });

function fileURLToPath(address) {
  if (typeof address === 'string') address = new URL(address);
  else if (!(address instanceof URL) && !(address?.href && address.protocol)) throw wrongType('path', 'of type string or an instance of URL', address);
  if (address.protocol !== 'file:') throw coded(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
  if (address.hostname !== '') throw coded(TypeError, 'ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
  if (/%2f/i.test(address.pathname)) throw coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded / characters');
  return decodeURIComponent(address.pathname);
}

function pathToFileURL(file) {
  needString(file, 'path');
  let whole = path.resolve(file);
  if (file.endsWith('/') && !whole.endsWith('/')) whole += '/';
  return new URL(`file://${whole.replace(/[%\\\n\r\t?#]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)}`);
}

// Node's own parser of before: lenient, and without a base.
class Url {
  constructor() {
    for (const name of ['protocol', 'slashes', 'auth', 'host', 'port', 'hostname', 'hash', 'search', 'query', 'pathname', 'path', 'href']) this[name] = null;
  }
  format() { return format(this); }
  resolve(to) { return resolve(this.href, to); }
  parse(text, query) { return Object.assign(this, parse(text, query)); }
}

function parse(text, query = false, slashesHost = false) {
  needString(text, 'url');
  const url = new Url();
  let rest = text.trim().replaceAll('\\', '/');
  const hash = rest.indexOf('#');
  if (hash >= 0) {
    url.hash = rest.slice(hash);
    rest = rest.slice(0, hash);
  }
  const search = rest.indexOf('?');
  if (search >= 0) {
    url.search = rest.slice(search);
    rest = rest.slice(0, search);
  }
  const protocol = /^[a-z][a-z0-9+.-]*:/i.exec(rest);
  if (protocol) {
    url.protocol = protocol[0].toLowerCase();
    rest = rest.slice(protocol[0].length);
  }
  if (rest.startsWith('//') && (protocol || slashesHost)) {
    url.slashes = true;
    const end = rest.indexOf('/', 2);
    let authority = end < 0 ? rest.slice(2) : rest.slice(2, end);
    rest = end < 0 ? '' : rest.slice(end);
    const at = authority.lastIndexOf('@');
    if (at >= 0) {
      url.auth = decodeURIComponent(authority.slice(0, at));
      authority = authority.slice(at + 1);
    }
    const port = /:(\d*)$/.exec(authority);
    if (port) {
      if (port[1]) url.port = port[1];
      authority = authority.slice(0, port.index);
    }
    url.hostname = authority.toLowerCase().replace(/^\[|\]$/g, '');
    url.host = `${authority.toLowerCase()}${url.port ? `:${url.port}` : ''}`;
    if (rest === '' && /^(https?|ftp|wss?|file):$/.test(url.protocol ?? '')) rest = '/';
  }
  url.pathname = rest || null;
  if (rest) url.pathname = rest.replace(/[ "'<>`{}|^]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  if (query) {
    url.query = require('querystring').parse(url.search ? url.search.slice(1) : '');
    url.search ??= '';
  } else if (url.search) {
    url.query = url.search.slice(1);
  }
  if (url.pathname || url.search) url.path = (url.pathname ?? '') + (url.search ?? '');
  url.href = format(url);
  return url;
}

function format(url, options) {
  if (typeof url === 'string') url = parse(url);
  if (url instanceof URL) {
    let text = url.href;
    if (options) {
      const own = new URL(text);
      if (options.fragment === false) own.hash = '';
      if (options.search === false) own.search = '';
      if (options.auth === false) own.username = own.password = '';
      text = own.href;
    }
    return text;
  }
  if (typeof url !== 'object' || url === null) throw wrongType('urlObject', 'one of type object or string', url);
  const auth = url.auth ? `${encodeURIComponent(url.auth).replace(/%3A/i, ':')}@` : '';
  let protocol = url.protocol ?? '';
  if (protocol && !protocol.endsWith(':')) protocol += ':';
  let host = '';
  if (url.host) host = auth + url.host;
  else if (url.hostname) host = auth + (url.hostname.includes(':') ? `[${url.hostname}]` : url.hostname) + (url.port ? `:${url.port}` : '');
  let pathname = (url.pathname ?? '').replace(/[?#]/g, encodeURIComponent);
  let search = url.search ?? (url.query && typeof url.query === 'object' ? require('querystring').stringify(url.query) : '');
  if (url.slashes || (/^(https?|ftp|wss?|file|gopher):$/.test(protocol) && (host || url.slashes !== false) && host !== '')) {
    host = `//${host}`;
    if (pathname && !pathname.startsWith('/')) pathname = `/${pathname}`;
  }
  if (search && !search.startsWith('?')) search = `?${search}`;
  const hash = url.hash && !url.hash.startsWith('#') ? `#${url.hash}` : url.hash ?? '';
  return protocol + host + pathname + search.replaceAll('#', '%23') + hash;
}

function resolve(from, to) {
  const base = new URL(from, 'resolve://holm/');
  const found = new URL(to, base);
  if (found.protocol === 'resolve:') return found.pathname + found.search + found.hash;
  return found.href;
}

module.exports = {
  URL, URLSearchParams, Url, parse, format, resolve, fileURLToPath, pathToFileURL,
  resolveObject: (from, to) => parse(resolve(from, to)),
  domainToASCII: (name) => native.domainToAscii(String(name)), domainToUnicode: (name) => native.domainToUnicode(String(name)),
  urlToHttpOptions(url) {
    return {
      protocol: url.protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), hash: url.hash, search: url.search, pathname: url.pathname,
      path: `${url.pathname}${url.search}`, href: url.href, ...(url.port !== '' && { port: Number(url.port) }),
      ...((url.username || url.password) && { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` }),
    };
  },
};
