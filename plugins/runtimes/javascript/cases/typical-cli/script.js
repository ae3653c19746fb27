const { EventEmitter } = require('events');
const os = require('os');
const commands = { add: { description: 'adds numbers', run: (...n) => n.map(Number).reduce((a, b) => a + b, 0) }, upper: { description: 'shouts', run: (...w) => w.join(' ').toUpperCase() }, fail: { description: 'fails', run() { const error = new Error('it failed'); error.code = 'E_FAIL'; throw error; } } };
class Program extends EventEmitter {
  #commands = new Map(Object.entries(commands));
  help() { console.log(`Usage: tool <command>\n\nCommands:\n${[...this.#commands].map(([name, { description }]) => `  ${name.padEnd(10)}${description}`).join('\n')}`); }
  async run(argv) {
    const [name, ...rest] = argv;
    const command = this.#commands.get(name);
    if (!command) { this.help(); return 1; }
    try { this.emit('start', name); const result = await command.run(...rest); this.emit('done', result); return 0; } catch (error) { console.error(`error: ${error.message}`); this.emit('failed', error.code); return 2; }
  }
}
const program = new Program();
program.on('start', (name) => console.log('start', name)).on('done', (result) => console.log('=>', result)).on('failed', (code) => console.log('failed', code));
(async () => {
  console.log(await program.run(['add', '1', '2']), await program.run(['upper', 'a', 'b']), await program.run(['fail']), await program.run([]));
  console.log(os.EOL === '\n', os.platform(), `${'='.repeat(20)}`, new Date(Date.UTC(2024, 0, 1)).toISOString(), [10, 9, 1].sort(), [..."añb"].reverse().join(''));
  const cache = new WeakMap(); const key = {}; cache.set(key, 1); console.log(cache.get(key), [1, [2, [3]]].flat(Infinity), Object.entries({ a: 1 }), structuredClone({ d: new Date(0) }), 2n ** 64n, 0.1 + 0.2, (25).toString(36), parseInt('ff', 16), Number('1e3'), encodeURIComponent('a b&c/é'));
  const text = 'The quick brown fox'; console.log(text.replace(/(?<first>\w+) (\w+)/, '$2 $<first>'), text.match(/\b\w/g), text.split(/\s+/).map((w) => w[0].toUpperCase() + w.slice(1)).join(''), /(\d+)-(?<m>\d+)/d.exec('x 12-34').indices.groups.m, text.search('quick'), `${'tag'}`);
  process.exitCode = await program.run(['fail']);
})();
