const assert = require('assert');
const show = (act) => { try { act(); console.log('ok'); } catch (error) { console.log(error.name, error.code, error.message); } };
show(() => assert(true)); show(() => assert.strictEqual(1, 1)); show(() => assert.strictEqual(1, 2)); show(() => assert.equal(1, '1')); show(() => assert.deepStrictEqual({ a: [1, 2] }, { a: [1, 2] }));
show(() => assert.strictEqual(1, 2, 'own message')); show(() => assert.throws(() => { throw new TypeError('bad'); }, TypeError)); show(() => assert.throws(() => { throw new TypeError('bad'); }, /bad/)); show(() => assert.throws(() => {})); show(() => assert.throws(() => { throw new Error('x'); }, { message: 'x' }));
show(() => assert.fail('failed')); show(() => assert.ok(0, 'zero')); show(() => assert.match('abc', /b/)); show(() => assert.notStrictEqual(1, 1)); show(() => assert.deepEqual([1, { a: '2' }], [1, { a: 2 }])); show(() => assert.ifError(null)); show(() => assert.equal(1, 2));
show(() => assert.deepStrictEqual({ a: 1, b: { c: 2 } }, { a: 1, b: { c: 3 } })); show(() => assert.deepStrictEqual([1, 2, 3], [1, 2, 4])); show(() => assert.deepStrictEqual(new Set([1]), new Set([2])));
assert.rejects(Promise.reject(new Error('r')), /r/).then(() => console.log('rejected')); assert.doesNotReject(async () => {}).then(() => console.log('fine'));
console.log(new assert.AssertionError({ actual: 1, expected: 2, operator: 'strictEqual' }).generatedMessage, assert.strict.equal === assert.strictEqual);
