const path = require('path');
for (const name of ['/a/b/c.txt', 'a/b/', '.', '..', '/', '', '.bashrc', 'x.tar.gz', 'a/.b.c', 'a//b///c', 'a/./b/../c', '../../x', 'a.', 'dir.d/f']) {
  console.log(JSON.stringify(name), path.dirname(name), path.basename(name), path.extname(name), path.normalize(name), path.isAbsolute(name), path.parse(name));
}
console.log(path.join('a', '', '..', '..', 'b'), path.join(), path.join('/a', '/b/', 'c/'), path.resolve('/a', 'b', '../c', './d'), path.resolve('/a', '/b'));
console.log(path.relative('/a/b/c', '/a/d/e'), path.relative('/a', '/a'), path.relative('/a/b', '/a'), path.relative('/', '/x'));
console.log(path.basename('/x/y.html', '.html'), path.basename('.html', '.html'), path.format({ dir: '/x', name: 'a', ext: 'b' }), path.format({ root: '/', base: 'f' }), path.sep, path.delimiter);
console.log(path.win32.join('a', 'b', '..', 'c'), path.win32.basename('C:\\x\\y.txt'), path.posix === path);
try { path.join(1); } catch (error) { console.log(error.code, error.message); }
