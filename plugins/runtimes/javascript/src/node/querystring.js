// `querystring`.
'use strict';

const escape = (text) => encodeURIComponent(String(text).toWellFormed());

function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
}

const plain = (value) => (typeof value === 'string' ? value : typeof value === 'number' && Number.isFinite(value) ? `${value}` : typeof value === 'bigint' || typeof value === 'boolean' ? `${value}` : '');

function stringify(object, separator = '&', equals = '=', options) {
  if (object === null || typeof object !== 'object') return '';
  const encode = options?.encodeURIComponent ?? module.exports.escape;
  return Object.entries(object).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${encode(plain(key))}${equals}${encode(plain(one))}`)).join(separator);
}

function parse(text, separator = '&', equals = '=', options) {
  const all = Object.create(null);
  if (typeof text !== 'string' || text === '') return all;
  const decode = options?.decodeURIComponent ?? module.exports.unescape;
  const most = options?.maxKeys ?? 1000;
  let pairs = text.split(separator);
  if (most > 0) pairs = pairs.slice(0, most);
  for (const pair of pairs) {
    if (pair === '') continue;
    const at = pair.indexOf(equals);
    const key = decode((at < 0 ? pair : pair.slice(0, at)).replaceAll('+', ' '));
    const value = at < 0 ? '' : decode(pair.slice(at + equals.length).replaceAll('+', ' '));
    if (key in all) all[key] = [all[key], value].flat();
    else all[key] = value;
  }
  return all;
}

module.exports = { escape, unescape, stringify, parse, encode: stringify, decode: parse, unescapeBuffer: (text) => Buffer.from(unescape(text)) };
