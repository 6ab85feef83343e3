// node-redis: strings, hashes, a thousand INCRs on one connection, errors, the connection's name.
const assert = require('assert');
const { createClient } = require('redis');
(async () => {
  const client = createClient({ socket: { port: Number(process.argv[2]), reconnectStrategy: false } });
  await client.connect();
  const eventually = async (read, expected) => {
    const end = Date.now() + 20000;
    for (;;) {
      const got = await read();
      try { return assert.deepEqual(got, expected); } catch (error) { if (Date.now() > end) throw error; }
      await new Promise((done) => setTimeout(done, 10));
    }
  };
  assert.equal(await client.ping(), 'PONG');
  assert.equal(await client.set('text', 'value'), 'OK');
  await eventually(() => client.get('text'), 'value');
  assert.equal(await client.get('none'), null);
  await client.hSet('hash', { a: '1', b: '2' });
  await eventually(async () => ({ ...(await client.hGetAll('hash')) }), { a: '1', b: '2' });
  const numbers = await Promise.all(Array.from({ length: 1000 }, () => client.incr('counter')));
  assert.deepEqual(numbers, Array.from({ length: 1000 }, (_, i) => i + 1));
  await assert.rejects(client.incr('text'), /not an integer/);
  await client.clientSetName('lab');
  assert.equal(await client.clientGetName(), 'lab');
  await client.quit();
  console.log('fine');
})().catch((error) => { console.error(error); process.exit(1); });
