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

// Five channels for the stages of an operation; it runs, and whoever listens hears of each.
function tracingChannel(name) {
  const own = Object.fromEntries(['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((stage) => [stage, typeof name === 'string' ? channel(`tracing:${name}:${stage}`) : name[stage]]));
  const guarded = (act, context, self, args) => {
    own.start.publish(context);
    try {
      return context.result = Reflect.apply(act, self, args);
    } catch (error) {
      context.error = error;
      own.error.publish(context);
      throw error;
    } finally {
      own.end.publish(context);
    }
  };
  return {
    ...own,
    get hasSubscribers() { return Object.values(own).some((each) => each.hasSubscribers); },
    subscribe(listeners) { for (const stage of Object.keys(listeners)) own[stage].subscribe(listeners[stage]); },
    unsubscribe(listeners) { for (const stage of Object.keys(listeners)) own[stage].unsubscribe(listeners[stage]); return true; },
    traceSync: (act, context = {}, self, ...args) => guarded(act, context, self, args),
    tracePromise: (act, context = {}, self, ...args) => Promise.resolve(guarded(act, context, self, args)),
    traceCallback: (act, position, context = {}, self, ...args) => guarded(act, context, self, args),
  };
}

module.exports = {
  Channel, channel, tracingChannel, hasSubscribers: (name) => channel(name).hasSubscribers,
  subscribe: (name, listener) => channel(name).subscribe(listener), unsubscribe: (name, listener) => channel(name).unsubscribe(listener),
};
