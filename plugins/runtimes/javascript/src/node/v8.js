// `v8`: what of it does not ask which engine runs.
'use strict';

module.exports = {
  getHeapStatistics: () => ({ total_heap_size: native.memory(), used_heap_size: native.memory(), heap_size_limit: 2 ** 32, total_available_size: 2 ** 32 - native.memory(), total_physical_size: native.memory(), malloced_memory: 0, peak_malloced_memory: 0, does_zap_garbage: 0, number_of_native_contexts: 1, number_of_detached_contexts: 0 }),
  getHeapSpaceStatistics: () => [], setFlagsFromString() {}, cachedDataVersionTag: () => 0,
};
