// What `stack` of an error says: V8's form, which scripts print and read.
'use strict';

const toString = Error.prototype.toString;

function header(error) {
  try {
    return toString.call(error);
  } catch {
    return 'Error';
  }
}

function place(site) {
  const name = site.getFunctionName?.();
  const file = site.getFileName?.() ?? 'native';
  const line = site.getLineNumber?.();
  const at = site.isNative?.() ? 'native' : line > 0 ? `${file}:${line}:${site.getColumnNumber()}` : file;
  return name && name !== '<anonymous>' && name !== '<eval>' ? `${name} (${at})` : at;
}

// Frames of what is written here tell a script's author nothing.
const own = (line) => line.includes('node:internal/') || line.endsWith('native') || line.includes('(native)');

let prepare;
let limit = 10;

function prepared(error, sites) {
  if (typeof prepare === 'function') return prepare(error, sites);
  const lines = sites.map((site) => {
    try {
      return `\n    at ${place(site)}`;
    } catch {
      return '';
    }
  });
  return header(error) + lines.filter((line) => !own(line)).slice(0, limit).join('');
}

Error.prepareStackTrace = prepared;
// Scripts see what Node has there (nothing), and may put their own.
module.exports = { header, prepared };
