// `punycode`: names of hosts.
'use strict';

module.exports = {
  toASCII: (name) => native.domainToAscii(name), toUnicode: (name) => native.domainToUnicode(name),
  ucs2: { decode: (text) => [...text].map((letter) => letter.codePointAt(0)), encode: (points) => String.fromCodePoint(...points) },
  version: '2.1.0',
};
