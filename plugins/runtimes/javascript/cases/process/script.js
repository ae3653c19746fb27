process.on('exit', (code) => console.log('exit', code, process.exitCode));
console.log(process.argv.length, process.argv.slice(2), process.platform, process.version.split('.')[0], typeof process.pid, process.argv0 !== '');
console.log(process.cwd() === __dirname, process.env.NOPE, 'NOPE' in process.env);
process.env.NUMBER = 5;
console.log(process.env.NUMBER, typeof process.env.NUMBER, delete process.env.NUMBER, process.env.NUMBER);
require('fs').mkdirSync('below', { recursive: true });
process.chdir('below');
console.log(process.cwd() === __dirname + '/below', require('path').resolve('x') === __dirname + '/below/x');
require('fs').writeFileSync('x', '1');
console.log(require('fs').existsSync(__dirname + '/below/x'));
process.chdir('..');
require('fs').rmSync('below', { recursive: true });
try { process.chdir('nowhere'); } catch (error) { console.log(error.code); }
console.log(process.hrtime().length, typeof process.hrtime.bigint(), process.memoryUsage().rss > 0, process.uptime() >= 0);
console.log(process.stdout.write('written\n'), process.stdout.isTTY, process.stdin.isTTY, process.stdout.fd);
process.emitWarning('careful');
process.exitCode = 3;
