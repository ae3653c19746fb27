console.group('group'); console.log('in\nside'); console.group(); console.info('deeper'); console.groupEnd(); console.groupEnd(); console.log('out');
console.count(); console.count('x'); console.count(); console.countReset(); console.count();
console.table([{ a: 1, b: 'x' }, { a: 2, c: true }]); console.table([[1, 2], [3, 4]]); console.table(['p', 'q']); console.table({ x: { v: 1 }, y: { v: 2 } }); console.table([{ a: 1, b: 2 }], ['b']); console.table(new Map([['k', 1]])); console.table(5); console.table([]);
console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 }); console.assert(true); console.debug('debug'); console.log(); console.log('');
const { Console } = console; new Console(process.stdout).log('own console', typeof console.log);
const { log } = console; log('unbound');
const write = process.stdout.write; const caught = []; process.stdout.write = (text) => { caught.push(text); return true; }; console.log('captured'); process.stdout.write = write; console.log(caught);
