// Whether two values are equal all the way down, strictly or loosely.
'use strict';

const { tag } = require('internal/types');

function equal(left, right, strict, seen = new Map()) {
  if (strict ? Object.is(left, right) : left === right || (left !== left && right !== right)) return true;
  const objects = [left, right].map((value) => (typeof value === 'object' && value !== null) || typeof value === 'function');
  if (!objects[0] || !objects[1]) return !strict && !objects[0] && !objects[1] && left == right; // eslint-disable-line eqeqeq
  if (typeof left === 'function' || typeof right === 'function') return false;
  if (strict && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  const kind = Array.isArray(left) ? 'Array' : tag(left);
  if (kind !== (Array.isArray(right) ? 'Array' : tag(right))) return false;
  const known = seen.get(left);
  if (known?.has(right)) return true;
  if (known) known.add(right);
  else seen.set(left, new Set([right]));
  if (!insides(left, right, kind, strict, seen)) return false;
  return properties(left, right, kind, strict, seen);
}

function insides(left, right, kind, strict, seen) {
  switch (kind) {
    case 'Array': return left.length === right.length;
    case 'Date': return left.getTime() === right.getTime() || (Number.isNaN(left.getTime()) && Number.isNaN(right.getTime()));
    case 'RegExp': return left.source === right.source && left.flags === right.flags && left.lastIndex === right.lastIndex;
    case 'Error': return left.message === right.message && left.name === right.name && equal(left.cause, right.cause, strict, seen);
    case 'Number': case 'String': case 'Boolean': case 'BigInt': case 'Symbol': return Object.is(left.valueOf(), right.valueOf());
    case 'Set':
      if (left.size !== right.size) return false;
      return matched([...left].filter((value) => !right.has(value)), [...right].filter((value) => !left.has(value)), (one, other) => equal(one, other, strict, seen));
    case 'Map':
      if (left.size !== right.size) return false;
      for (const [key, value] of left) {
        if (right.has(key)) {
          if (!equal(value, right.get(key), strict, seen)) return false;
        } else if (![...right].some(([other, own]) => !left.has(other) && equal(key, other, strict, seen) && equal(value, own, strict, seen))) {
          return false;
        }
      }
      return true;
    case 'ArrayBuffer': case 'SharedArrayBuffer': return sameBytes(new Uint8Array(left), new Uint8Array(right));
    case 'Promise': case 'WeakMap': case 'WeakSet': case 'WeakRef': return false;
    default:
      if (ArrayBuffer.isView(left)) {
        if (!ArrayBuffer.isView(right) || left.byteLength !== right.byteLength) return false;
        return strict || left instanceof DataView ? sameBytes(new Uint8Array(left.buffer, left.byteOffset, left.byteLength), new Uint8Array(right.buffer, right.byteOffset, right.byteLength)) : left.every((value, index) => value === right[index]);
      }
      return true;
  }
}

// Whether each of the first finds one of the second, none twice.
function matched(left, others, same) {
  const rest = [...others];
  for (const one of left) {
    const index = rest.findIndex((other) => same(one, other));
    if (index < 0) return false;
    rest.splice(index, 1);
  }
  return rest.length === 0;
}

const sameBytes = (left, right) => left.length === right.length && left.every((byte, index) => byte === right[index]);

function properties(left, right, kind, strict, seen) {
  if (ArrayBuffer.isView(left)) return true;
  const keys = (object) => {
    const all = Object.keys(object);
    return strict ? [...all, ...Object.getOwnPropertySymbols(object).filter((key) => Object.prototype.propertyIsEnumerable.call(object, key))] : all;
  };
  const own = keys(left);
  if (own.length !== keys(right).length) return false;
  return own.every((key) => Object.prototype.propertyIsEnumerable.call(right, key) && equal(left[key], right[key], strict, seen));
}

module.exports = (left, right, strict) => equal(left, right, strict);
