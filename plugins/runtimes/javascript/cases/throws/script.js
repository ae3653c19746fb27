console.log('before');
process.on('exit', (code) => console.log('exit', code));
throw new Error('the end');
