const zlib = require('zlib');
const text = 'hello '.repeat(1000);
for (const [pack, unpack] of [['gzipSync', 'gunzipSync'], ['deflateSync', 'inflateSync'], ['deflateRawSync', 'inflateRawSync'], ['gzipSync', 'unzipSync']]) { const packed = zlib[pack](text); console.log(packed.length < 200, zlib[unpack](packed).toString() === text); }
console.log(zlib.gunzipSync(Buffer.from('H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==', 'base64')).toString());
try { zlib.gunzipSync('not gzip'); } catch (error) { console.log(error.code, error.errno, error.message); }
try { zlib.gunzipSync(zlib.gzipSync('abc').subarray(0, 10)); } catch (error) { console.log(error.code, error.message); }
zlib.gzip('x', (error, packed) => zlib.gunzip(packed, (e, out) => console.log(e, out.toString())));
const gzip = zlib.createGzip(); const parts = []; gzip.on('data', (part) => parts.push(part)).on('end', () => console.log(zlib.gunzipSync(Buffer.concat(parts)).toString())); gzip.write('a'); gzip.end('b');
