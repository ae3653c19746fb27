const util = require('util');
class Thing { constructor() { this.a = 1; this.#b = 2; } #b; get g() { return 1; } static s = 1; }
class Sub extends Thing {}
const circular = { name: 'c', list: [] }; circular.self = circular; circular.list.push(circular);
console.log({ a: 1, 'b-c': 'x', [Symbol('s')]: 2, f() {}, g: () => 1, h: class A {}, i: class extends Thing {}, n: null, u: undefined, d: new Date(0), r: /x/g });
console.log([1, , 3], [undefined, null], [[[[1]]]], { a: { b: { c: { d: 1 } } } }, [], {}, new Thing(), new Sub(), Object.create(null), Object.create({ x: 1 }));
console.log(circular, new Map([['k', { v: 1 }], [{ o: 1 }, [1]]]), new Set(['a', 1]), new WeakMap(), Symbol('x'), 10n, -0, NaN, 1e21, 'str', ['str', "it's", 'say "hi"', `it's "both"`, 'new\nline', '\u001b']);
console.log(Array.from({ length: 120 }, (_, i) => i), Array.from({ length: 30 }, (_, i) => 'item' + i), 'x'.repeat(5));
console.log(new Uint8Array([1, 2, 3]), new Float64Array(2), new ArrayBuffer(4), Buffer.from('hello'), new DataView(new ArrayBuffer(2)));
console.log(Promise.resolve(1), Promise.reject(new Error('x')).catch(() => {}) && 0, new Promise(() => {}), (function () { return arguments; })(1, 2), new Proxy({ a: 1 }, {}), globalThis.constructor === Object);
console.log({ get a() { return 1; }, set a(v) {}, get b() { return 2; }, set c(v) {} }, new Number(1), new String('s'), new Boolean(false), Object(Symbol('q')), Object(1n));
console.log({ long: 'a'.repeat(100), nested: { list: ['b'.repeat(40), 'c'.repeat(40)], more: { x: 1, y: [1, 2, { z: 3 }] } } });
console.log(util.inspect({ a: { b: { c: { d: {} } } } }, { depth: 0 }), util.inspect({ a: { b: { c: { d: {} } } } }, false, null), util.inspect([1, [2, [3, [4]]]], { depth: 1, compact: false }), util.inspect({ b: 1, a: 2 }, { sorted: true }), util.inspect('x', { colors: true }), util.inspect({ a: 1, s: 'x', u: undefined, n: null, f() {} }, { colors: true }));
console.log(util.inspect(new (class Foo { [util.inspect.custom](depth, options) { return `Foo<${depth} ${typeof options.stylize}>`; } })()), util.inspect({ x: new (class Foo { [util.inspect.custom]() { return { own: 1 }; } })() }), util.inspect(async () => {}), util.inspect(function* gen() {}), util.inspect(Math), util.inspect(JSON), util.inspect([1, 2, 3], { maxArrayLength: 1 }), util.inspect('abcdef', { maxStringLength: 3 }), util.inspect(new Map([[1, new Map([[2, new Map([[3, 4]])]])]]), { depth: 0 }));
console.log('%s is %d years and %i, %f, %j %o %O %c%%', 'Bob', 42.5, 42.9, '1.50', { a: 1 }, [1, { b: 2 }], { c: { d: { e: { f: 1 } } } }, 'css', 'extra', { x: 1 });
console.log('%s', null, undefined, Symbol('s'), 1n, { a: { b: { c: 1 } } }, [1, [2]], () => 1, class Q {}, new Error('e').message, -0); console.log('%d %i', '0x10', 'abc'); console.log('100%', 1, '%s'); console.log('%x', 1); console.log('a\nb', ['a\nb']);
console.log(process.versions.node.split('.')[0], [1.0, 2.5, -3], [true, false], ['a', 'b'].entries().toString(), Object.assign(() => {}, { p: 1 }), Object.assign([1, 2], { extra: 'x', '-1': 2 }), [new Date(NaN)], { 'valid_id': 1, '1a': 2, 'ключ': 3, '': 4 });
console.log(Array.from({ length: 7 }, (_, i) => 'x'.repeat(i * 3)), Array.from({ length: 27 }, (_, i) => i * 1000), Array.from({ length: 12 }, (_, i) => ({ i })), [['a', 1], ['b', 2]], { a: [{ b: 1 }, { b: 2 }], c: [[1, 2], [3, 4]] });
