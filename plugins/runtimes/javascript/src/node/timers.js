// `timers`.
'use strict';

const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = require('internal/loop');

module.exports = {
  setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate,
  get promises() { return require('timers/promises'); },
};
const custom = Symbol.for('nodejs.util.promisify.custom');
Object.defineProperty(setTimeout, custom, { get: () => require('timers/promises').setTimeout });
Object.defineProperty(setImmediate, custom, { get: () => require('timers/promises').setImmediate });
