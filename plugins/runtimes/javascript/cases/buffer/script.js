const b = Buffer.from('héllo wörld €');
console.log(b, b.length, b.toString(), b.toString('hex'), b.toString('base64'), b.toString('base64url'), b.toString('latin1'), b.toString('ascii'), b.toString('utf16le').length, b.toString('utf8', 1, 3));
console.log(Buffer.from('68690a', 'hex'), Buffer.from('aGk=', 'base64').toString(), Buffer.from('aGk', 'base64url').toString(), Buffer.from('ÿ', 'latin1'), Buffer.from('hi', 'utf16le'), Buffer.from([1, 300, -1]), Buffer.from(new Uint16Array([1, 256])), Buffer.from(new Uint8Array([1, 2]).buffer));
console.log(Buffer.alloc(3), Buffer.alloc(5, 'ab'), Buffer.concat([Buffer.from('a'), Buffer.from('b')]), Buffer.concat([Buffer.from('abc')], 2), Buffer.byteLength('€'), Buffer.isBuffer(b), Buffer.isBuffer(new Uint8Array(1)), Buffer.isEncoding('UTF-8'), Buffer.isEncoding('nope'));
console.log(Buffer.compare(Buffer.from('a'), Buffer.from('b')), b.equals(Buffer.from('héllo wörld €')), b.indexOf('w'), b.indexOf(Buffer.from('ö')), b.lastIndexOf('l'), b.includes('nope'), b.slice(0, 2), b.subarray(-3).toString(), b.slice(1, 2).buffer === b.buffer);
const w = Buffer.alloc(16);
w.writeUInt8(255, 0); w.writeInt16BE(-2, 1); w.writeUInt32LE(0xdeadbeef, 3); w.writeDoubleBE(1.5, 7);
console.log(w, w.readUInt8(0), w.readInt16BE(1), w.readUInt32LE(3).toString(16), w.readDoubleBE(7), w.readUIntBE(0, 6), w.readIntLE(1, 3), w.readBigUInt64LE(0));
for (const act of [() => w.readUInt8(16), () => w.writeUInt8(256, 0), () => Buffer.alloc(-1), () => Buffer.from(5), () => Buffer.from('a', 'nope'), () => w.readInt32BE(14), () => Buffer.alloc('5')]) { try { act(); } catch (error) { console.log(error.name, error.code, error.message); } }
console.log(w.fill(0).fill('xyz', 2, 9).toString(), w.write('abc', 1), w.copy(Buffer.alloc(4), 0, 0, 4), JSON.stringify(Buffer.from('hi')), [...Buffer.from('ab').entries()], Buffer.from('abcd').swap16().toString(), Buffer.from('a') + 'b');
console.log(btoa('hi'), atob('aGk='), new TextEncoder().encode('é'), new TextDecoder().decode(new Uint8Array([0xc3, 0xa9])), new TextDecoder('utf-16le').decode(new Uint8Array([104, 0])), new TextDecoder('latin1').encoding);
const { StringDecoder } = require('string_decoder'); const d = new StringDecoder('utf8'); console.log(d.write(Buffer.from([0xe2, 0x82])), d.write(Buffer.from([0xac])), d.end(Buffer.from([0xe2])));
console.log(Buffer.from('test').map((x) => x + 1), Buffer.from('test').filter((x) => x > 101), Buffer.from('%20').toString(), Buffer.from([0xff, 0xfe, 65]).toString(), Buffer.from('a'.repeat(60)), Buffer.from([]));
