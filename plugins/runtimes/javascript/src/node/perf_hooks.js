// `perf_hooks`: how long things take.
'use strict';

const begun = native.hrtime();
const origin = native.now();

class PerformanceEntry {
  constructor(name, entryType, startTime, duration, detail = null) {
    Object.assign(this, { name, entryType, startTime, duration, detail });
  }
  toJSON() { return { ...this }; }
}

class Performance {
  #entries = [];
  get timeOrigin() { return origin; }
  now() { return (native.hrtime() - begun) / 1e6; }
  mark(name, { startTime = this.now(), detail } = {}) { return this.#add(new PerformanceEntry(name, 'mark', startTime, 0, detail)); }
  measure(name, start, end) {
    const time = (mark, fallback) => (typeof mark === 'number' ? mark : mark === undefined ? fallback : this.getEntriesByName(mark, 'mark').at(-1)?.startTime);
    if (start && typeof start === 'object') ({ start, end } = start);
    const from = time(start, 0);
    if (from === undefined) throw new DOMException(`The "${start}" performance mark has not been set`, 'SyntaxError');
    return this.#add(new PerformanceEntry(name, 'measure', from, time(end, this.now()) - from));
  }
  #add(entry) {
    this.#entries.push(entry);
    return entry;
  }
  getEntries() { return [...this.#entries]; }
  getEntriesByName(name, type) { return this.#entries.filter((entry) => entry.name === name && (!type || entry.entryType === type)); }
  getEntriesByType(type) { return this.#entries.filter((entry) => entry.entryType === type); }
  clearMarks(name) { this.#entries = this.#entries.filter((entry) => entry.entryType !== 'mark' || (name && entry.name !== name)); }
  clearMeasures(name) { this.#entries = this.#entries.filter((entry) => entry.entryType !== 'measure' || (name && entry.name !== name)); }
  timerify(act) { return act; }
  eventLoopUtilization() { return { idle: 0, active: 0, utilization: 0 }; }
  toJSON() { return { timeOrigin: origin }; }
}

class PerformanceObserver {
  observe() {}
  disconnect() {}
}

module.exports = {
  performance: new Performance(), Performance, PerformanceEntry, PerformanceObserver, constants: {},
  monitorEventLoopDelay: () => ({ enable() {}, disable() {}, min: 0, max: 0, mean: 0, stddev: 0, percentile: () => 0 }),
};
