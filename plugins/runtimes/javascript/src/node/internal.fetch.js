// `fetch` and what belongs to it. The host dials and speaks TLS; the grant `net=https://host/*` decides.
'use strict';

const custom = Symbol.for('nodejs.util.inspect.custom');

const MOST_REDIRECTS = 20;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

class Headers {
  #all = new Map();
  // Names as they were written, which is how they are shown.
  #names = new Map();
  constructor(init) {
    if (init === undefined || init === null) return;
    const pairs = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }
  append(name, value) {
    this.#names.set(String(name).toLowerCase(), this.#names.get(String(name).toLowerCase()) ?? String(name));
    [name, value] = checked(name, value);
    const own = this.#all.get(name);
    if (own && name === 'set-cookie') own.push(value);
    else this.#all.set(name, own ? [`${own[0]}, ${value}`] : [value]);
  }
  set(name, value) {
    this.#names.set(String(name).toLowerCase(), String(name));
    [name, value] = checked(name, value);
    this.#all.set(name, [value]);
  }
  get(name) { return this.#all.get(String(name).toLowerCase())?.join(', ') ?? null; }
  has(name) { return this.#all.has(String(name).toLowerCase()); }
  delete(name) { this.#all.delete(String(name).toLowerCase()); }
  getSetCookie() { return [...(this.#all.get('set-cookie') ?? [])]; }
  forEach(act, self) { for (const [name, value] of this) act.call(self, value, name, this); }
  *entries() { for (const name of [...this.#all.keys()].sort()) for (const value of this.#all.get(name)) yield [name, value]; }
  *keys() { for (const [name] of this.entries()) yield name; }
  *values() { for (const [, value] of this.entries()) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  get [Symbol.toStringTag]() { return 'Headers'; }
  [custom](depth, options, inspect) { return `Headers ${inspect(Object.fromEntries([...this.#all].map(([name, value]) => [this.#names.get(name) ?? name, value.join(', ')])), options)}`; }
}

function checked(name, value) {
  name = String(name).toLowerCase();
  value = String(value).trim();
  if (!TOKEN.test(name)) throw new TypeError(`Headers.append: ${name} is an invalid header name.`);
  if (/[\0\r\n]/.test(value)) throw new TypeError(`Headers.append: "${value}" is an invalid header value.`);
  return [name, value];
}

class FormData {
  #all = [];
  append(name, value, file) { this.#all.push([String(name), entry(value, file)]); }
  set(name, value, file) {
    this.delete(name);
    this.append(name, value, file);
  }
  get(name) { return this.#all.find(([own]) => own === name)?.[1] ?? null; }
  getAll(name) { return this.#all.filter(([own]) => own === name).map(([, value]) => value); }
  has(name) { return this.#all.some(([own]) => own === name); }
  delete(name) { this.#all = this.#all.filter(([own]) => own !== name); }
  forEach(act, self) { for (const [name, value] of this.#all) act.call(self, value, name, this); }
  *entries() { yield* this.#all; }
  *keys() { for (const [name] of this.#all) yield name; }
  *values() { for (const [, value] of this.#all) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  get [Symbol.toStringTag]() { return 'FormData'; }
}

function entry(value, file) {
  const { Blob, File } = require('buffer');
  if (!(value instanceof Blob)) return String(value);
  return value instanceof File && file === undefined ? value : Object.assign(value, { named: file ?? 'blob' });
}

async function multipart(form) {
  const boundary = `----formdata-holm-${require('crypto').randomBytes(8).toString('hex')}`;
  const parts = [];
  const quoted = (text) => text.replace(/["\r\n]/g, encodeURIComponent);
  for (const [name, value] of form) {
    const file = typeof value === 'string' ? '' : `; filename="${quoted(value.name ?? value.named)}"`;
    parts.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}\r\n${file ? `Content-Type: ${value.type || 'application/octet-stream'}\r\n` : ''}\r\n`));
    parts.push(typeof value === 'string' ? Buffer.from(value) : Buffer.from(await value.arrayBuffer()), Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return [Buffer.concat(parts), `multipart/form-data; boundary=${boundary}`];
}

// A body as bytes, and the type that it has by itself.
async function bodyOf(body) {
  if (body === undefined || body === null) return [undefined];
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain;charset=UTF-8'];
  if (body instanceof URLSearchParams) return [Buffer.from(body.toString()), 'application/x-www-form-urlencoded;charset=UTF-8'];
  if (body instanceof FormData) return multipart(body);
  if (body instanceof require('buffer').Blob) return [Buffer.from(await body.arrayBuffer()), body.type || undefined];
  if (body instanceof ArrayBuffer) return [Buffer.from(new Uint8Array(body))];
  if (ArrayBuffer.isView(body)) return [Buffer.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))];
  if (body[Symbol.asyncIterator]) {
    const parts = [];
    for await (const part of body) parts.push(Buffer.from(part));
    return [Buffer.concat(parts)];
  }
  return [Buffer.from(String(body)), 'text/plain;charset=UTF-8'];
}

class Body {
  #body;
  #used = false;
  #stream;
  _give(body) { this.#body = body; }
  get bodyUsed() { return this.#used; }
  get body() {
    if (this.#body === undefined || this.#body === null) return null;
    const take = () => this.#take();
    return this.#stream ??= new (require('stream/web').ReadableStream)({
      async pull(controller) {
        const bytes = await take();
        if (bytes.length) controller.enqueue(Uint8Array.from(bytes));
        controller.close();
      },
    });
  }
  async #take() {
    if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
    this.#used = true;
    return (await bodyOf(this.#body))[0] ?? Buffer.alloc(0);
  }
  _raw() { return this.#body; }
  async bytes() { return Uint8Array.from(await this.#take()); }
  async arrayBuffer() { return Uint8Array.from(await this.#take()).buffer; }
  async text() { return (await this.#take()).toString().replace(/^\ufeff/, ''); }
  async json() { return JSON.parse((await this.#take()).toString().replace(/^\ufeff/, '')); }
  async blob() { return new (require('buffer').Blob)([await this.#take()], { type: this.headers.get('content-type') ?? '' }); }
  async formData() {
    const form = new FormData();
    for (const [name, value] of new URLSearchParams(await this.text())) form.append(name, value);
    return form;
  }
}
for (const name of ['_give', '_raw']) Object.defineProperty(Body.prototype, name, { enumerable: false });

class Request extends Body {
  constructor(input, init = {}) {
    super();
    const from = input instanceof Request ? input : undefined;
    try {
      this.url = from ? from.url : new URL(String(input)).href;
    } catch (cause) {
      throw Object.assign(new TypeError(`Failed to parse URL from ${input}`), { cause });
    }
    const method = String(init.method ?? from?.method ?? 'GET');
    this.method = /^(get|head|post|put|delete|options|patch)$/i.test(method) && method !== 'patch' ? method.toUpperCase() : method;
    this.headers = new Headers(init.headers ?? from?.headers);
    this.redirect = init.redirect ?? from?.redirect ?? 'follow';
    this.signal = init.signal ?? from?.signal ?? new AbortController().signal;
    const body = init.body ?? from?._raw();
    if (body !== undefined && body !== null && /^(GET|HEAD)$/.test(this.method)) throw new TypeError('Request with GET/HEAD method cannot have body.');
    this._give(body);
  }
  clone() { return new Request(this); }
  get [Symbol.toStringTag]() { return 'Request'; }
}

const NULL_BODY = [101, 204, 205, 304];

class Response extends Body {
  constructor(body, { status = 200, statusText = '', headers } = {}) {
    super();
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
    if (body !== undefined && body !== null && NULL_BODY.includes(status)) throw new TypeError('Response constructor: Invalid response status code ' + status);
    Object.assign(this, { status, statusText, headers: new Headers(headers), type: 'default', url: '', redirected: false });
    if (typeof body === 'string' && !this.headers.has('content-type')) this.headers.set('content-type', 'text/plain;charset=UTF-8');
    this._give(body);
  }
  get ok() { return this.status >= 200 && this.status < 300; }
  clone() {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    const copy = new Response(this._raw(), this);
    return Object.assign(copy, { type: this.type, url: this.url, redirected: this.redirected });
  }
  static json(value, init) {
    const response = new Response(JSON.stringify(value), init);
    if (!new Headers(init?.headers).has('content-type')) response.headers.set('content-type', 'application/json');
    return response;
  }
  static error() { return Object.assign(new Response(null), { status: 0, type: 'error' }); }
  static redirect(url, status = 302) { return new Response(null, { status, headers: { location: new URL(String(url)).href } }); }
  get [Symbol.toStringTag]() { return 'Response'; }
  [custom](depth, options, inspect) {
    const { status, statusText, headers, bodyUsed, ok, redirected, type, url } = this;
    return `Response ${inspect({ status, statusText, headers, bodyUsed, ok, redirected, type, url }, options)}`;
  }
}

// What a request's failure is to a script: the cause carries the code, and Holm's denial.
function failed(error, url) {
  const [code, why] = String(error.message).split('\n');
  const cause = new Error(why || code);
  cause.code = code;
  if (code === 'EACCES') cause.message = `${new URL(url).host}: ${why}`;
  return Object.assign(new TypeError('fetch failed'), { cause });
}

async function fetch(input, init) {
  const request = new Request(input, init);
  const [sent, type] = await bodyOf(request._raw());
  const { signal, headers } = request;
  signal.throwIfAborted();
  if (type && !headers.has('content-type')) headers.set('content-type', type);
  if (!headers.has('accept')) headers.set('accept', '*/*');
  if (!headers.has('user-agent')) headers.set('user-agent', 'node');
  let { url, method } = request;
  let body = sent;
  let redirected = false;
  for (let redirects = 0; ; redirects++) {
    const { protocol } = new URL(url);
    if (protocol === 'data:') return fromData(url);
    if (protocol !== 'http:' && protocol !== 'https:') throw Object.assign(new TypeError('fetch failed'), { cause: new Error('unknown scheme') });
    // One request at a time: what a process waits for, it waits for alone.
    await new Promise((resolve) => require('internal/loop').later(resolve));
    signal.throwIfAborted();
    let answer;
    try {
      answer = native.request(method, url, [...headers].map(([name, value]) => [name, value]), body ?? new Uint8Array(0), 0);
    } catch (error) {
      throw failed(error, url);
    }
    const found = new Headers(answer.headers);
    const location = [301, 302, 303, 307, 308].includes(answer.status) ? found.get('location') : null;
    if (location && request.redirect === 'error') throw Object.assign(new TypeError('fetch failed'), { cause: new Error('unexpected redirect') });
    if (location && request.redirect === 'follow') {
      if (redirects === MOST_REDIRECTS) throw Object.assign(new TypeError('fetch failed'), { cause: new Error('redirect count exceeded') });
      const next = new URL(location, url);
      if ((answer.status === 303 && method !== 'HEAD') || ([301, 302].includes(answer.status) && method === 'POST')) {
        method = 'GET';
        body = undefined;
        for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language']) headers.delete(name);
      }
      // Another origin is told no secrets.
      if (next.origin !== new URL(url).origin) for (const name of ['authorization', 'cookie', 'proxy-authorization']) headers.delete(name);
      url = next.href;
      redirected = true;
      continue;
    }
    const response = new Response(null, { status: Math.max(200, answer.status), statusText: require('http').STATUS_CODES[answer.status] ?? '', headers: found });
    response._give(NULL_BODY.includes(answer.status) || method === 'HEAD' ? null : unpacked(answer.body, found));
    return Object.assign(response, { type: 'basic', url, redirected });
  }
}

function unpacked(body, headers) {
  const coding = headers.get('content-encoding');
  if (!coding || !/^(x-)?gzip$|^deflate$/.test(coding)) return body;
  return require('zlib')[/gzip/.test(coding) ? 'gunzipSync' : 'inflateSync'](body);
}

function fromData(url) {
  const [, type, base64, body] = /^data:([^,]*?)(;base64)?,(.*)$/s.exec(url) ?? [];
  if (body === undefined) throw new TypeError('fetch failed');
  return new Response(base64 ? Buffer.from(body, 'base64') : Buffer.from(decodeURIComponent(body)), { headers: { 'content-type': type || 'text/plain;charset=US-ASCII' } });
}

module.exports = { fetch, Headers, FormData, Request, Response };
