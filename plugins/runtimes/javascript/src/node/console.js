// `console`, as a module.
'use strict';

module.exports = require('internal/console');
