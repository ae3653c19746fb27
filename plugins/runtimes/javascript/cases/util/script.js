const util = require('util');
const { parseArgs, promisify, types } = util;
console.log(parseArgs({ args: ['-f', '--bar', 'b', 'pos', '--', '--x'], options: { foo: { type: 'boolean', short: 'f' }, bar: { type: 'string' }, def: { type: 'string', default: 'd' } }, allowPositionals: true }));
console.log(parseArgs({ args: ['-abc', '--many=1', '--many', '2'], options: { a: { type: 'boolean', short: 'a' }, b: { type: 'boolean', short: 'b' }, c: { type: 'boolean', short: 'c' }, many: { type: 'string', multiple: true } } }));
for (const args of [['--nope'], ['pos'], ['--bar'], ['--foo=1'], ['--bar', '-x']]) { try { parseArgs({ args, options: { foo: { type: 'boolean' }, bar: { type: 'string', short: 'b' } } }); } catch (error) { console.log(error.code, error.message); } }
promisify((a, callback) => callback(null, a + 1))(1).then((value) => console.log('promisified', value));
util.callbackify(async (x) => x * 2)(4, (error, value) => console.log('called back', error, value));
function Old() {} function Base() {} Base.prototype.hi = () => 'hi'; util.inherits(Old, Base);
console.log(new Old().hi(), Old.super_ === Base, util.isDeepStrictEqual({ a: [1, new Map([[1, 2]])] }, { a: [1, new Map([[1, 2]])] }), util.isDeepStrictEqual([1], ['1']), util.types.isDate(new Date()), types.isRegExp(/x/), types.isPromise(Promise.resolve()), types.isProxy(new Proxy({}, {})), types.isAsyncFunction(async () => {}), util.isArray([]));
console.log(util.format('%s', 'x', 1), util.stripVTControlCharacters('\u001b[31mred\u001b[0m'), util.styleText('red', 'x') === '\u001b[31mx\u001b[39m', util.toUSVString('a\ud800'), util.inspect.defaultOptions.depth);
const old = util.deprecate(() => 'old', 'do not'); console.log(old());
console.log(structuredClone({ a: [1, new Date(0)], m: new Map([[1, new Set([2])]]) }), util.types.isUint8Array(Buffer.alloc(1)));
