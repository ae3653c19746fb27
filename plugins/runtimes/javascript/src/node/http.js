// `http`: requests. The host dials; nothing listens.
'use strict';

const { Readable, Writable } = require('internal/stream');
const { coded, refused, system } = require('internal/errors');

const STATUS_CODES = {
  100: 'Continue', 101: 'Switching Protocols', 102: 'Processing', 103: 'Early Hints', 200: 'OK', 201: 'Created', 202: 'Accepted',
  203: 'Non-Authoritative Information', 204: 'No Content', 205: 'Reset Content', 206: 'Partial Content', 207: 'Multi-Status',
  208: 'Already Reported', 226: 'IM Used', 300: 'Multiple Choices', 301: 'Moved Permanently', 302: 'Found', 303: 'See Other',
  304: 'Not Modified', 305: 'Use Proxy', 307: 'Temporary Redirect', 308: 'Permanent Redirect', 400: 'Bad Request', 401: 'Unauthorized',
  402: 'Payment Required', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable',
  407: 'Proxy Authentication Required', 408: 'Request Timeout', 409: 'Conflict', 410: 'Gone', 411: 'Length Required',
  412: 'Precondition Failed', 413: 'Payload Too Large', 414: 'URI Too Long', 415: 'Unsupported Media Type', 416: 'Range Not Satisfiable',
  417: 'Expectation Failed', 418: "I'm a Teapot", 421: 'Misdirected Request', 422: 'Unprocessable Entity', 423: 'Locked',
  424: 'Failed Dependency', 425: 'Too Early', 426: 'Upgrade Required', 428: 'Precondition Required', 429: 'Too Many Requests',
  431: 'Request Header Fields Too Large', 451: 'Unavailable For Legal Reasons', 500: 'Internal Server Error', 501: 'Not Implemented',
  502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout', 505: 'HTTP Version Not Supported', 506: 'Variant Also Negotiates',
  507: 'Insufficient Storage', 508: 'Loop Detected', 509: 'Bandwidth Limit Exceeded', 510: 'Not Extended', 511: 'Network Authentication Required',
};

class IncomingMessage extends Readable {
  constructor(answer) {
    super({
      read() {
        if (answer.body.byteLength) this.push(Buffer.from(answer.body));
        this.push(null);
      },
    });
    const headers = {};
    const rawHeaders = [];
    for (const [name, value] of answer.headers) {
      const lower = name.toLowerCase();
      rawHeaders.push(name, value);
      if (lower === 'set-cookie') (headers[lower] ??= []).push(value);
      else headers[lower] = lower in headers ? `${headers[lower]}, ${value}` : value;
    }
    Object.assign(this, {
      statusCode: answer.status, statusMessage: STATUS_CODES[answer.status] ?? '', headers, rawHeaders, trailers: {}, rawTrailers: [],
      httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1, complete: true, aborted: false, socket: socket(),
    });
  }
  setTimeout() { return this; }
}

// Libraries set options on a connection; there is none to set them on.
const socket = () => Object.assign(new (require('events'))(), {
  encrypted: true, authorized: true, destroyed: false, remoteAddress: undefined,
  setTimeout() { return this; }, setKeepAlive() { return this; }, setNoDelay() { return this; }, unref() { return this; }, ref() { return this; }, destroy() { return this; },
});

class ClientRequest extends Writable {
  constructor(protocol, options, callback) {
    const parts = [];
    super({
      write(chunk, encoding, done) {
        parts.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding));
        done();
      },
      final(done) {
        this._send(Buffer.concat(parts));
        done();
      },
    });
    const host = options.hostname ?? options.host ?? 'localhost';
    const port = options.port && Number(options.port) !== (protocol === 'https:' ? 443 : 80) ? `:${options.port}` : '';
    const path = options.path ?? '/';
    if (/[\0- ]/.test(path)) throw coded(TypeError, 'ERR_UNESCAPED_CHARACTERS', 'Request path contains unescaped characters');
    Object.assign(this, { method: (options.method ?? 'GET').toUpperCase(), path, host, protocol, aborted: false, reusedSocket: false, socket: socket(), finished: false, headersSent: false });
    Object.defineProperty(this, '_own', { value: { headers: new Map(), timeout: options.timeout, url: `${protocol}//${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}${port}${path}` } });
    const headers = Array.isArray(options.headers) ? options.headers : Object.entries(options.headers ?? {});
    for (const [name, value] of headers) if (value !== undefined) this.setHeader(name, value);
    if (options.auth && !this.hasHeader('authorization')) this.setHeader('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
    if (callback) this.once('response', callback);
    if (options.signal) options.signal.addEventListener('abort', () => this.destroy(options.signal.reason), { once: true });
    process.nextTick(() => this.emit('socket', this.socket));
  }
  setHeader(name, value) {
    if (value === undefined) throw coded(TypeError, 'ERR_HTTP_INVALID_HEADER_VALUE', `Invalid value "undefined" for header "${name}"`);
    this._own.headers.set(name.toLowerCase(), [name, value]);
    return this;
  }
  getHeader(name) { return this._own.headers.get(name.toLowerCase())?.[1]; }
  getHeaders() { return Object.fromEntries([...this._own.headers].map(([name, [, value]]) => [name, value])); }
  getHeaderNames() { return [...this._own.headers.keys()]; }
  hasHeader(name) { return this._own.headers.has(name.toLowerCase()); }
  removeHeader(name) { this._own.headers.delete(name.toLowerCase()); }
  flushHeaders() {}
  setNoDelay() {}
  setSocketKeepAlive() {}
  setTimeout(milliseconds, callback) {
    this._own.timeout = milliseconds;
    if (callback) this.once('timeout', callback);
    return this;
  }
  abort() {
    this.aborted = true;
    this.destroy();
  }
  _send(body) {
    const { headers, url, timeout } = this._own;
    const pairs = [...headers.values()].flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]))
      .filter(([name]) => !/^(host|connection|content-length|transfer-encoding|keep-alive|expect)$/i.test(name));
    this.finished = true;
    this.headersSent = true;
    require('internal/loop').later(() => {
      if (this.destroyed && !this.writableFinished) return;
      let answer;
      try {
        answer = native.request(this.method, url, pairs, body, timeout ?? 0);
      } catch (error) {
        const [code, why] = String(error.message).split('\n');
        if (code === 'ETIMEDOUT') this.emit('timeout');
        const failure = Object.assign(system(code, code === 'ENOTFOUND' ? 'getaddrinfo' : 'connect', undefined, undefined, undefined), { host: this.host });
        failure.message = `${failure.syscall} ${code} ${this.host}${why ? ` (${why})` : ''}`;
        this.emit('error', failure);
        return;
      }
      const response = new IncomingMessage(answer);
      response.req = this;
      this.res = response;
      if (!this.emit('response', response)) response.resume();
    });
  }
}

function arranged(own, input, options, callback) {
  if (typeof options === 'function') [options, callback] = [undefined, options];
  let given = {};
  if (typeof input === 'string') input = new URL(input);
  if (input instanceof URL) given = require('url').urlToHttpOptions(input);
  else [options, given] = [{ ...input, ...options }, {}];
  options = { ...given, ...options };
  const protocol = options.protocol ?? options.agent?.protocol ?? own;
  if (protocol !== own) throw coded(TypeError, 'ERR_INVALID_PROTOCOL', `Protocol "${protocol}" not supported. Expected "${own}"`);
  return new ClientRequest(own, options, callback);
}

class Agent {
  constructor(options = {}) {
    Object.assign(this, { options, maxSockets: Infinity, maxFreeSockets: 256, keepAlive: !!options.keepAlive, sockets: {}, requests: {}, freeSockets: {} });
  }
  destroy() {}
}

// Both modules are made alike.
function made(protocol, port) {
  const request = (input, options, callback) => arranged(protocol, input, options, callback);
  const Own = class extends Agent { protocol = protocol; defaultPort = port; };
  Object.defineProperty(Own, 'name', { value: 'Agent' });
  const listen = () => { throw refused('a server', 'nothing can connect to a process here'); };
  return {
    request,
    get(input, options, callback) {
      const sent = request(input, options, callback);
      sent.end();
      return sent;
    },
    Agent: Own, globalAgent: new Own(), createServer: listen, Server: class Server { constructor() { listen(); } },
    ClientRequest, IncomingMessage, OutgoingMessage: Writable, ServerResponse: class ServerResponse extends Writable {},
    METHODS: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'], STATUS_CODES, maxHeaderSize: 16384,
    validateHeaderName() {}, validateHeaderValue() {}, setMaxIdleHTTPParsers() {},
  };
}

module.exports = made('http:', 80);
Object.defineProperty(module.exports, 'made', { value: made, enumerable: false });
