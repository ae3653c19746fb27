const EventEmitter = require('events');
const { once, on } = EventEmitter;
class My extends EventEmitter {}
const e = new My();
e.on('x', function (...args) { console.log('x', args, this === e); }); e.once('x', () => console.log('once')); e.prependListener('x', () => console.log('first'));
console.log(e.emit('x', 1, 2), e.emit('x'), e.emit('none'), e.listenerCount('x'), e.eventNames(), e.listeners('x').length, EventEmitter.defaultMaxListeners, e.getMaxListeners());
const f = () => console.log('f'); e.on('y', f); e.off('y', f); console.log(e.emit('y'));
e.on('newListener', (name) => console.log('new', name)); e.on('z', () => {}); e.removeAllListeners('z'); console.log(e.listenerCount('z'));
try { e.emit('error', new Error('boom')); } catch (error) { console.log(error.message); }
try { e.emit('error', 'text'); } catch (error) { console.log(error.code, error.message); }
try { e.on('q', 5); } catch (error) { console.log(error.message); }
once(e, 'later').then(([value]) => console.log('later', value)); setTimeout(() => e.emit('later', 42), 1);
(async () => { let n = 0; setTimeout(() => { e.emit('tick', 1); e.emit('tick', 2); }, 5); for await (const [value] of on(e, 'tick')) { console.log('tick', value); if (++n === 2) break; } console.log('done'); })();
const target = new EventTarget(); target.addEventListener('foo', (event) => console.log(event.type, event.detail), { once: true }); target.dispatchEvent(new CustomEvent('foo', { detail: 1 })); target.dispatchEvent(new Event('foo'));
const controller = new AbortController(); controller.signal.addEventListener('abort', () => console.log('aborted', controller.signal.aborted, controller.signal.reason.name)); controller.abort();
console.log(AbortSignal.abort('why').reason);
