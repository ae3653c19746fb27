const crypto = require('crypto');
for (const name of ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'SHA256']) console.log(name, crypto.createHash(name).update('hello').update(Buffer.from(' world')).digest('hex'));
console.log(crypto.createHmac('sha256', 'key').update('data').digest('base64'), crypto.createHmac('md5', Buffer.from('k')).update('').digest('hex'), crypto.createHash('sha1').update('x').digest());
console.log(crypto.randomBytes(8).length, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.randomInt(5) < 5, crypto.randomInt(5, 6), crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('a')));
console.log(crypto.pbkdf2Sync('password', 'salt', 100, 40, 'sha512').toString('hex'), Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 42)).toString('hex'));
console.log(globalThis.crypto.getRandomValues(new Uint8Array(4)).length, crypto.getHashes().includes('sha256'));
try { crypto.createHash('nope'); } catch (error) { console.log(error.message); }
try { const h = crypto.createHash('md5'); h.digest(); h.digest(); } catch (error) { console.log(error.code, error.message); }
globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode('abc')).then((bytes) => console.log(Buffer.from(bytes).toString('hex')));
const { pipeline } = require('stream'); const hash = crypto.createHash('md5'); hash.on('readable', () => { const data = hash.read(); if (data) console.log(data.toString('hex')); }); hash.write('abc'); hash.end();
