// The beginning of a run: Node's globals, then what the command line asks for.
'use strict';

const loaded = new Map();

// Node's own modules by name, made when they are first asked for.
function builtin(name) {
  const known = loaded.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  try {
    native.builtin(name)(module.exports, builtin, module, native);
  } catch (error) {
    loaded.delete(name);
    throw error;
  }
  return module.exports;
}
builtin.names = new Set(native.builtins);

const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

// A global that is made when somebody first looks at it.
function lazy(module, ...names) {
  for (const name of names) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: false,
      get() {
        const made = builtin(module);
        const value = name in made ? made[name] : made;
        define(name, value);
        return value;
      },
      set(value) { define(name, value); },
    });
  }
}

builtin('internal/stack').use(builtin('internal/language'));
const loop = builtin('internal/loop');
define('global', globalThis);
Object.defineProperty(globalThis, Symbol.toStringTag, { value: 'global', configurable: true });
define('process', builtin('process'));
for (const name of ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'queueMicrotask']) {
  Object.defineProperty(globalThis, name, { value: loop[name], writable: true, configurable: true, enumerable: true });
}
lazy('internal/console', 'console');
lazy('buffer', 'Buffer', 'atob', 'btoa', 'Blob', 'File');
lazy('url', 'URL', 'URLSearchParams');
lazy('internal/encoding', 'TextEncoder', 'TextDecoder');
lazy('internal/events', 'Event', 'EventTarget', 'CustomEvent', 'AbortController', 'AbortSignal', 'DOMException');
lazy('internal/fetch', 'fetch', 'Headers', 'Request', 'Response', 'FormData');
lazy('internal/clone', 'structuredClone');
lazy('perf_hooks', 'performance', 'PerformanceObserver');
lazy('internal/webcrypto', 'crypto');
lazy('stream/web', 'ReadableStream', 'WritableStream', 'TransformStream');
lazy('stream/web', 'TextDecoderStream', 'TextEncoderStream');
lazy('internal/ports', 'MessagePort', 'MessageChannel', 'MessageEvent', 'BroadcastChannel', 'CryptoKey');
lazy('internal/intl', 'Intl');

builtin('internal/main')(native.arguments);
