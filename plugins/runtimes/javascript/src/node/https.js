// `https`: as `http`, over TLS, which the host speaks.
'use strict';

module.exports = require('http').made('https:', 443);
