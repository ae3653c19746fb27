// `diagnostics_channel`.
'use strict';

class Channel {
  constructor(name) {
    this.name = name;
    Object.defineProperty(this, 'own', { value: new Set(), enumerable: false });
  }
  get hasSubscribers() { return this.own.size > 0; }
  subscribe(listener) { this.own.add(listener); }
  unsubscribe(listener) { return this.own.delete(listener); }
  publish(message) { for (const listener of [...this.own]) listener(message, this.name); }
}

const channels = new Map();

function channel(name) {
  if (!channels.has(name)) channels.set(name, new Channel(name));
  return channels.get(name);
}

module.exports = {
  Channel, channel, hasSubscribers: (name) => channel(name).hasSubscribers,
  subscribe: (name, listener) => channel(name).subscribe(listener), unsubscribe: (name, listener) => channel(name).unsubscribe(listener),
};
