// node-redis: strings, hashes, a thousand INCRs on one connection, errors, the connection's name, transactions, pub/sub and a
// blocking pop, each on a connection of its own as the library wants it.
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
  const replies = await client.multi().set('text', 'again').incr('counter').get('text').exec();
  assert.deepEqual(replies, ['OK', 1001, 'again']);
  await assert.rejects(client.executeIsolated(async (isolated) => {
    await isolated.watch('text');
    const change = isolated.multi().set('text', 'lost');
    await client.set('text', 'changed');
    return change.exec();
  }));
  await eventually(() => client.get('text'), 'changed');
  const subscriber = client.duplicate();
  await subscriber.connect();
  const heard = new Promise((done) => subscriber.subscribe('news', (message, channel) => done([channel, message])));
  await eventually(() => client.pubSubNumSub('news'), { news: 1 });
  assert.equal(await client.publish('news', 'hello'), 1);
  assert.deepEqual(await heard, ['news', 'hello']);
  await subscriber.unsubscribe('news');
  await subscriber.quit();
  const popped = client.executeIsolated((isolated) => isolated.blPop('queue', 10));
  assert.equal(await client.rPush('queue', 'job'), 1);
  assert.deepEqual({ ...(await popped) }, { key: 'queue', element: 'job' });
  await client.quit();
  console.log('fine');
})().catch((error) => { console.error(error); process.exit(1); });
