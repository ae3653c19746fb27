// `stream/consumers`: a whole stream as one value.
'use strict';

async function whole(stream) {
  const parts = [];
  for await (const part of stream) parts.push(typeof part === 'string' ? Buffer.from(part) : part);
  return Buffer.concat(parts);
}

module.exports = {
  buffer: whole,
  text: async (stream) => (await whole(stream)).toString(),
  json: async (stream) => JSON.parse((await whole(stream)).toString()),
  arrayBuffer: async (stream) => Uint8Array.from(await whole(stream)).buffer,
  blob: async (stream) => new (require('buffer').Blob)([await whole(stream)]),
};
