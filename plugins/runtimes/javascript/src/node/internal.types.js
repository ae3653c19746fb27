// What a value is by its insides: `util.types`.
'use strict';

// A method that only the genuine article stands.
const probe = (method, ...args) => (value) => {
  try {
    method.call(value, ...args);
    return true;
  } catch {
    return false;
  }
};
const getter = (prototype, name) => probe(Object.getOwnPropertyDescriptor(prototype, name).get);

const probes = {
  Map: getter(Map.prototype, 'size'),
  Set: getter(Set.prototype, 'size'),
  Date: probe(Date.prototype.getTime),
  ArrayBuffer: getter(ArrayBuffer.prototype, 'byteLength'),
  SharedArrayBuffer: getter(SharedArrayBuffer.prototype, 'byteLength'),
  WeakMap: probe(WeakMap.prototype.has, {}),
  WeakSet: probe(WeakSet.prototype.has, {}),
  WeakRef: probe(WeakRef.prototype.deref),
  Number: probe(Number.prototype.valueOf),
  String: probe(String.prototype.valueOf),
  Boolean: probe(Boolean.prototype.valueOf),
  BigInt: probe(BigInt.prototype.valueOf),
  Symbol: probe(Symbol.prototype.valueOf),
};

const toString = Object.prototype.toString;

function tag(object) {
  // Nearly all are plain: ask the prototype first.
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype && object[Symbol.toStringTag] === undefined) {
    const said = toString.call(object);
    return said === '[object Object]' ? 'Object' : said.slice(8, -1);
  }
  if (isNamespace(object)) return 'Module';
  if (isPromise(object)) return 'Promise';
  if (Error.isError ? Error.isError(object) : object instanceof Error) return 'Error';
  for (let at = prototype; at; at = Object.getPrototypeOf(at)) {
    const name = Object.getOwnPropertyDescriptor(at, 'constructor')?.value?.name;
    if (name && Object.hasOwn(probes, name)) return probes[name](object) ? name : 'Object';
    if (at === RegExp.prototype) return isRegExp(object) ? 'RegExp' : 'Object';
  }
  const said = toString.call(object);
  if (said === '[object Map Iterator]' || said === '[object Set Iterator]') return said.slice(8, -1);
  if (prototype === null) {
    for (const name of Object.keys(probes)) if (probes[name](object)) return name;
    if (isRegExp(object)) return 'RegExp';
  }
  return said === '[object Arguments]' ? 'Arguments' : 'Object';
}

const isRegExp = (value) => {
  if (typeof value !== 'object' || value === null || value === RegExp.prototype) return false;
  try {
    RegExp.prototype.toString.call(value);
    Object.getOwnPropertyDescriptor(RegExp.prototype, 'flags').get.call(value);
    return Object.hasOwn(value, 'lastIndex');
  } catch {
    return false;
  }
};

function isPromise(value) {
  if (!(value instanceof Promise)) return false;
  try {
    native.promiseState(value);
    return true;
  } catch {
    return false;
  }
}

const isNamespace = (value) =>
  Object.getPrototypeOf(value) === null && value[Symbol.toStringTag] === 'Module' && !Object.isExtensible(value);

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
const tagged = (name) => (value) => typeof value === 'object' && value !== null && tag(value) === name;
const typedName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
const typed = (name) => (value) => typedName.call(value) === name;
const said = (name) => (value) => typeof value === 'function' && toString.call(value) === `[object ${name}]`;

const types = {
  isDate: tagged('Date'), isRegExp, isMap: tagged('Map'), isSet: tagged('Set'), isPromise,
  isNativeError: (value) => isObject(value) && tag(value) === 'Error',
  isWeakMap: tagged('WeakMap'), isWeakSet: tagged('WeakSet'),
  isArrayBuffer: tagged('ArrayBuffer'), isSharedArrayBuffer: tagged('SharedArrayBuffer'),
  isAnyArrayBuffer: (value) => tagged('ArrayBuffer')(value) || tagged('SharedArrayBuffer')(value),
  isArrayBufferView: ArrayBuffer.isView, isDataView: (value) => ArrayBuffer.isView(value) && typedName.call(value) === undefined,
  isTypedArray: (value) => typedName.call(value) !== undefined,
  isAsyncFunction: (value) => said('AsyncFunction')(value) || said('AsyncGeneratorFunction')(value),
  isGeneratorFunction: (value) => said('GeneratorFunction')(value) || said('AsyncGeneratorFunction')(value),
  isGeneratorObject: (value) => isObject(value) && /^\[object (Async)?Generator\]$/.test(toString.call(value)),
  isMapIterator: (value) => isObject(value) && toString.call(value) === '[object Map Iterator]',
  isSetIterator: (value) => isObject(value) && toString.call(value) === '[object Set Iterator]',
  isNumberObject: tagged('Number'), isStringObject: tagged('String'), isBooleanObject: tagged('Boolean'),
  isBigIntObject: tagged('BigInt'), isSymbolObject: tagged('Symbol'),
  isBoxedPrimitive: (value) => typeof value === 'object' && value !== null && ['Number', 'String', 'Boolean', 'BigInt', 'Symbol'].includes(tag(value)),
  isArgumentsObject: tagged('Arguments'), isProxy: (value) => isObject(value) && native.proxyParts(value) !== undefined,
  isModuleNamespaceObject: (value) => isObject(value) && isNamespace(value),
  isExternal: () => false, isCryptoKey: () => false, isKeyObject: () => false,
};
for (const name of ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array']) {
  types[`is${name}`] = typed(name);
}

module.exports = { types, tag };
