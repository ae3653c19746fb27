// `stream`.
'use strict';

module.exports = require('internal/stream');
