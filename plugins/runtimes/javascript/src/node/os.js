// `os`: the machine as a process of Holm sees it, which is little.
'use strict';

const signals = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGIOT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10,
  SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGCHLD: 17, SIGSTKFLT: 16, SIGCONT: 18, SIGSTOP: 19,
  SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28,
  SIGIO: 29, SIGPOLL: 29, SIGPWR: 30, SIGSYS: 31,
};

const numbers = Object.fromEntries(Object.entries(require('internal/errors').SYSTEM).map(([code, [number]]) => [code, number]));
const home = () => process.env.HOME || '/work';

module.exports = {
  EOL: '\n', devNull: '/dev/null',
  arch: () => 'x64', platform: () => 'linux', type: () => 'Linux', release: () => '6.1.0', machine: () => 'x86_64',
  version: () => '#1 SMP Holm', endianness: () => 'LE', hostname: () => 'holm', homedir: home,
  tmpdir: () => (process.env.TMPDIR || process.env.TMP || process.env.TEMP || '/tmp').replace(/(?<=.)\/$/, ''),
  uptime: () => process.uptime(), loadavg: () => [0, 0, 0], totalmem: () => 2 ** 32, freemem: () => 2 ** 32 - native.memory(),
  // One process has one thread.
  cpus: () => [{ model: 'wasm32', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  availableParallelism: () => 1, networkInterfaces: () => ({}),
  userInfo: () => ({ uid: 1000, gid: 1000, username: process.env.USER || 'holm', homedir: home(), shell: null }),
  getPriority: () => 0, setPriority() {},
  constants: {
    signals, errno: numbers, UV_UDP_REUSEADDR: 4, dlopen: { RTLD_LAZY: 1, RTLD_NOW: 2, RTLD_GLOBAL: 256, RTLD_LOCAL: 0 },
    priority: { PRIORITY_LOW: 19, PRIORITY_BELOW_NORMAL: 10, PRIORITY_NORMAL: 0, PRIORITY_ABOVE_NORMAL: -7, PRIORITY_HIGH: -14, PRIORITY_HIGHEST: -20 },
  },
};
