// `constants`: numbers of the system.
'use strict';

const { constants } = require('os');

module.exports = { ...constants.errno, ...constants.signals, ...require('fs').constants };
