// Names that libraries look for among the globals to tell what they were given. Nothing here makes one.
'use strict';

const { refused } = require('internal/errors');

const made = {};
for (const name of ['MessagePort', 'MessageChannel', 'BroadcastChannel', 'CryptoKey']) {
  made[name] = { [name]: class { constructor() { throw refused(name, 'a process here is one thread'); } } }[name];
}
made.MessageEvent = class MessageEvent extends Event {
  constructor(type, options = {}) {
    super(type, options);
    this.data = options.data ?? null;
  }
};

module.exports = made;
