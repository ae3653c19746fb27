// `structuredClone`.
'use strict';

const { tag } = require('internal/types');

const refuse = (value) => { throw new DOMException(`${typeof value === 'symbol' ? String(value) : typeof value === 'function' ? value : '#<Object>'} could not be cloned.`, 'DataCloneError'); };

function clone(value, seen) {
  if (typeof value === 'symbol' || typeof value === 'function') refuse(value);
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = (made) => { seen.set(value, made); return made; };
  if (ArrayBuffer.isView(value)) {
    const buffer = clone(value.buffer, seen);
    const Kind = value instanceof DataView ? DataView : globalThis[Object.prototype.toString.call(value).slice(8, -1)];
    return keep(new Kind(buffer, value.byteOffset, value.length ?? value.byteLength));
  }
  switch (Array.isArray(value) ? 'Array' : tag(value)) {
    case 'Array': {
      const made = keep(new Array(value.length));
      for (const key of Object.keys(value)) made[key] = clone(value[key], seen);
      return made;
    }
    case 'Date': return keep(new Date(value.getTime()));
    case 'RegExp': return keep(new RegExp(value.source, value.flags));
    case 'Map': {
      const made = keep(new Map());
      for (const [key, own] of [...value]) made.set(clone(key, seen), clone(own, seen));
      return made;
    }
    case 'Set': {
      const made = keep(new Set());
      for (const own of [...value]) made.add(clone(own, seen));
      return made;
    }
    case 'ArrayBuffer': return keep(value.slice(0));
    case 'Number': case 'String': case 'Boolean': case 'BigInt': return keep(Object(value.valueOf()));
    case 'Error': {
      const Kind = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }[value.name] ?? Error;
      const made = keep(Object.create(Kind.prototype));
      const error = Object.setPrototypeOf(new Error(value.message), Kind.prototype);
      Object.defineProperty(error, 'stack', { value: value.stack, writable: true, configurable: true });
      if ('cause' in value) Object.defineProperty(error, 'cause', { value: clone(value.cause, seen), writable: true, configurable: true });
      void made;
      return keep(error);
    }
    case 'Promise': case 'WeakMap': case 'WeakSet': case 'WeakRef': case 'Symbol': return refuse(value);
    default: {
      const made = keep({});
      for (const key of Object.keys(value)) made[key] = clone(value[key], seen);
      return made;
    }
  }
}

module.exports = {
  structuredClone(value, options) {
    if (arguments.length === 0) throw new TypeError("The \"value\" argument must be specified");
    void options;
    return clone(value, new Map());
  },
};
