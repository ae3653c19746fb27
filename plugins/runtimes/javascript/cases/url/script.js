const { URL, URLSearchParams, parse, format, fileURLToPath, pathToFileURL, resolve } = require('url');
const u = new URL('https://user:pa%20ss@Example.com:8080/a/../b/./c?x=1&y=2&x=3#frag');
console.log(u, u.href, String(u), JSON.stringify({ u }));
u.pathname = '/new path'; u.searchParams.append('z', 'a b&c'); u.port = '443'; u.hash = ''; u.hostname = 'münchen.de'; console.log(u.href, u.origin, u.host);
console.log(new URL('../x?q#h', 'http://a.b/c/d/e').href, new URL('//h/p', 'https://a').href, URL.canParse('nope'), URL.canParse('a:b'));
try { new URL('nope'); } catch (error) { console.log(error.name, error.code, error.message, error.input); }
const p = new URLSearchParams('?a=1&b=2&a=%C3%A9+x'); p.delete('b'); p.set('c', '~!*()'); p.sort();
console.log(p, p.toString(), p.get('a'), p.getAll('a'), p.has('q'), [...p], p.size, new URLSearchParams({ q: 'x y', r: 1 }).toString(), new URLSearchParams([['k', 'v']]).toString());
console.log(fileURLToPath('file:///a%20b/c'), pathToFileURL('/x y/#z').href, parse('http://u:p@host:80/p/a?q=1#h').pathname, parse('/a?b=c', true).query.b, format({ protocol: 'http', host: 'h', pathname: '/p', query: { a: 1 } }), resolve('http://a/b/c', '../d'));
const qs = require('querystring'); console.log(qs.parse('a=1&b=2&a=3&c=%20+x'), qs.stringify({ a: [1, 2], b: 'x y', c: '' }), qs.escape('a b/é'), qs.unescape('%41'));
