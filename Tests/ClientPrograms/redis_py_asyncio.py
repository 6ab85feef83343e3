"""redis-py's asyncio client: many at once, pipelines, transactions, locks, queues, subscriptions, scripts."""
import asyncio
import sys

import redis.asyncio as redis
from redis.exceptions import ResponseError, WatchError


async def main(port, protocol):
    client = redis.Redis(port=port, protocol=protocol, decode_responses=True, max_connections=400)
    assert await client.ping()
    await asyncio.gather(*(client.set(f"key:{n}", n) for n in range(200)))
    assert await asyncio.gather(*(client.get(f"key:{n}") for n in range(200))) == [str(n) for n in range(200)]
    assert sorted(await asyncio.gather(*(client.incr("counter") for _ in range(200)))) == list(range(1, 201))

    async with client.pipeline(transaction=False) as pipe:
        for n in range(500):
            pipe.rpush("list", n).llen("list")
        assert (await pipe.execute())[-1] == 500
    assert await client.lrange("list", 0, 2) == ["0", "1", "2"]

    async def add_one():
        async with client.pipeline() as pipe:
            while True:
                try:
                    await pipe.watch("watched")
                    value = int(await pipe.get("watched") or 0)
                    pipe.multi()
                    pipe.set("watched", value + 1)
                    return await pipe.execute()
                except WatchError:
                    continue

    await asyncio.gather(*(add_one() for _ in range(10)))
    assert await client.get("watched") == "10"

    inside = 0

    async def hold():
        nonlocal inside
        async with client.lock("lock", timeout=20, blocking_timeout=20, sleep=0.005):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(hold() for _ in range(5)))

    waiting = [asyncio.create_task(client.blpop("queue", timeout=20)) for _ in range(10)]
    await client.rpush("queue", *range(10))
    assert sorted(int(pair[1]) for pair in await asyncio.gather(*waiting)) == list(range(10))

    async with client.pubsub() as pubsub:
        await pubsub.subscribe("news")
        await pubsub.psubscribe("n?ws")
        kinds = [(await pubsub.get_message(timeout=20))["type"] for _ in range(2)]
        assert kinds == ["subscribe", "psubscribe"], kinds
        assert await client.publish("news", "flash") == 2
        heard = [await pubsub.get_message(timeout=20) for _ in range(2)]
        assert {message["type"] for message in heard} == {"message", "pmessage"}, heard
        await pubsub.unsubscribe()
        await pubsub.punsubscribe()

    script = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    assert await script(keys=["scripted"], args=[5]) == 5
    try:
        await client.incr("list")
        raise AssertionError("an error was expected")
    except ResponseError as error:
        assert "WRONGTYPE" in str(error)
    assert {key async for key in client.scan_iter("key:1?")} == {f"key:1{n}" for n in range(10)}
    assert await client.xadd("stream", {"field": "value"})
    (_, entries), = (await client.xread({"stream": "0"})).items() if protocol == 3 else await client.xread({"stream": "0"})
    assert "value" in str(entries)
    await client.aclose()
    print("fine")


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
