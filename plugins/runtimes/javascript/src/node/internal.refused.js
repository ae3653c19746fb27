// Modules of Node's that cannot work here. They load, since libraries load them in passing; using them says why not.
'use strict';

const { refused } = require('internal/errors');

const NO_SOCKETS = 'there are no sockets in the sandbox; requests go out by fetch, http.request or https.request';
const ONE = 'a process here is one thread; start another with child_process';

const refusals = {
  net: [NO_SOCKETS, ['createServer', 'connect', 'createConnection'], ['Server', 'Socket']],
  tls: [NO_SOCKETS, ['createServer', 'connect', 'createSecureContext'], ['Server', 'TLSSocket']],
  dgram: [NO_SOCKETS, ['createSocket'], ['Socket']],
  http2: [NO_SOCKETS, ['createServer', 'createSecureServer', 'connect'], []],
  dns: ['names are looked up by the host', ['lookup', 'resolve', 'resolve4', 'resolve6', 'reverse', 'setServers'], ['Resolver']],
  'dns/promises': ['names are looked up by the host', ['lookup', 'resolve', 'resolve4', 'resolve6', 'reverse'], ['Resolver']],
  cluster: [ONE, ['fork', 'setupPrimary', 'setupMaster'], []],
  worker_threads: [ONE, ['receiveMessageOnPort', 'moveMessagePortToContext'], ['Worker', 'MessageChannel', 'MessagePort', 'BroadcastChannel']],
  inspector: ['nothing listens for a debugger', ['open', 'waitForDebugger'], ['Session']],
  repl: ['nobody types; use -e, or a script', ['start'], ['REPLServer']],
  wasi: ['WebAssembly does not run inside WebAssembly', [], ['WASI']],
  trace_events: ['nothing is traced', ['createTracing'], []],
};

const values = {
  net: { isIP: (text) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0), isIPv4, isIPv6 },
  tls: { DEFAULT_MIN_VERSION: 'TLSv1.2', DEFAULT_MAX_VERSION: 'TLSv1.3', rootCertificates: [] },
  http2: {
    constants: {
      HTTP2_HEADER_AUTHORITY: ':authority', HTTP2_HEADER_METHOD: ':method', HTTP2_HEADER_PATH: ':path', HTTP2_HEADER_SCHEME: ':scheme',
      HTTP2_HEADER_STATUS: ':status', HTTP2_HEADER_CONTENT_LENGTH: 'content-length', HTTP2_HEADER_CONTENT_TYPE: 'content-type',
      HTTP2_HEADER_EXPECT: 'expect', NGHTTP2_CANCEL: 8, NGHTTP2_NO_ERROR: 0, NGHTTP2_REFUSED_STREAM: 7,
    },
  },
  cluster: { isMaster: true, isPrimary: true, isWorker: false, workers: {} },
  worker_threads: { isMainThread: true, parentPort: null, workerData: null, threadId: 0, resourceLimits: {}, setEnvironmentData() {}, getEnvironmentData() {} },
  inspector: { url: () => undefined, console: undefined },
  trace_events: { getEnabledCategories: () => '' },
  dns: { setDefaultResultOrder() {}, getServers: () => [] },
};

function isIPv4(text) {
  return /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/.test(text);
}

function isIPv6(text) {
  return typeof text === 'string' && text.includes(':') && native.urlParse(`http://[${text.replace(/%.*$/, '')}]/`).length > 0;
}

function make(name) {
  const [why, functions, classes] = refusals[name];
  const made = {};
  for (const each of functions) made[each] = () => { throw refused(`${name}.${each}`, why); };
  for (const each of classes) {
    made[each] = { [each]: class { constructor() { throw refused(`${name}.${each}`, why); } } }[each];
  }
  Object.assign(made, values[name]);
  if (name === 'dns') made.promises = module.exports.module('dns/promises');
  return made;
}

const made = new Map();

module.exports = {
  module(name) {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  },
};
