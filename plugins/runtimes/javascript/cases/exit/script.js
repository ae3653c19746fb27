process.on('exit', (code) => { console.log('exit', code); });
setTimeout(() => console.log('never'), 10);
Promise.resolve().then(() => console.log('micro')).then(() => {
  try { process.exit(7); } finally { console.log('no'); }
});
