// `tty`: no stream here is a terminal.
'use strict';

const { Readable, Writable } = require('internal/stream');

module.exports = {
  isatty: () => false,
  ReadStream: class ReadStream extends Readable {},
  WriteStream: class WriteStream extends Writable {},
};
