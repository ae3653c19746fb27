class Own extends Error { constructor(message) { super(message); this.name = 'Own'; this.extra = { a: 1 }; } }
const first = (error) => require('util').inspect(error).split('\n').filter((line) => !/^\s+at /.test(line)).join('\n');
console.log(first(new Own('m')), String(new Own('n')), new Own('x') instanceof Error);
console.log(first(new Error('outer', { cause: 'inner' })), first(new TypeError('t')), first(new (class extends Error {})('anonymous')));
const e = new RangeError('r');
console.log(e.stack.split('\n')[0], e.message, e.name, Object.keys(e), JSON.stringify(e));
for (const act of [() => null.x, () => undefined.a.b, () => { null.y = 1; }, () => nothing, () => { const c = 1; c = 2; }, () => JSON.parse('{bad'), () => JSON.parse(''), () => JSON.parse('[1,]'), () => { let o = {}; o.f(); }, () => { let o = { a: {} }; o.a.b.c; }, () => new Array(-1), () => { const a = {}; a.a = a; JSON.stringify(a); }]) {
  try { act(); } catch (error) { console.log(`${error.name}: ${error.message.split('\n')[0]}`); }
}
try { try { throw new Error('a'); } finally { console.log('finally'); } } catch { console.log('caught'); }
function deep() { return deep() + 1; }
try { deep(); } catch (error) { console.log(error.name, error.message); }
process.on('uncaughtException', (error, origin) => { console.log('uncaught', error.message, origin); });
process.on('unhandledRejection', (reason) => { console.log('unhandled', reason.message); });
setTimeout(() => { throw new Error('late'); }, 1);
setTimeout(() => { Promise.reject(new Error('rejected')); }, 5);
