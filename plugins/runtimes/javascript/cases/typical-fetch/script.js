// What a script that wants the network says where it may not have it.
const https = require('https');
(async () => {
  try { await fetch('https://example.invalid/data'); console.log('fetched'); } catch (error) { console.log(error.name, error.message, error.cause !== undefined); }
  https.get('https://example.invalid/data', (response) => console.log(response.statusCode)).on('error', (error) => console.log('error', typeof error.code, error instanceof Error));
  const request = new Request('https://example.com/a?b=c', { method: 'post', body: JSON.stringify({ a: 1 }), headers: { 'Content-Type': 'application/json', 'X-One': '1' } });
  console.log(request.method, request.url, [...request.headers], await request.json());
  const response = new Response('{"ok":true}', { status: 201, headers: { a: 'b' } });
  console.log(response.ok, response.status, await response.clone().text(), await response.json(), response.bodyUsed, Response.json({ x: 1 }).headers.get('content-type'));
  const form = new FormData(); form.append('a', '1'); form.append('a', '2'); console.log(form.getAll('a'), new Headers({ B: '2', A: '1' }));
  try { new Request('not a url'); } catch (error) { console.log(error.name); }
  try { await fetch('data:text/plain;base64,aGk=').then((r) => r.text()).then(console.log); } catch (error) { console.log(error.message); }
  await new Promise((resolve, reject) => { const c = new AbortController(); c.abort(); fetch('https://example.com', { signal: c.signal }).catch((error) => { console.log(error.name); resolve(); }); });
})();
