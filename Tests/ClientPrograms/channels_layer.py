"""channels_redis, both of its layers: channels, groups, and what is sent before anybody listens."""
import asyncio
import sys

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer


async def talk(layer):
    one, other = await layer.new_channel(), await layer.new_channel()
    await layer.group_add("room", one)
    await layer.group_add("room", other)
    listening = [asyncio.create_task(layer.receive(channel)) for channel in (one, other)]
    await asyncio.sleep(0)
    await layer.group_send("room", {"type": "said", "text": "hello"})
    heard = await asyncio.wait_for(asyncio.gather(*listening), 20)
    assert [message["text"] for message in heard] == ["hello", "hello"], heard
    await layer.group_discard("room", other)
    await layer.send(one, {"type": "said", "text": "to one"})
    assert (await asyncio.wait_for(layer.receive(one), 20))["text"] == "to one"
    await layer.flush()


async def main(port):
    hosts = [f"redis://127.0.0.1:{port}"]
    await talk(RedisChannelLayer(hosts=hosts))
    await talk(RedisPubSubChannelLayer(hosts=hosts))
    print("fine")


asyncio.run(main(int(sys.argv[1])))
