"""django-redis: Django's cache, many at once, counters, patterns, locks, times to live."""
import sys

from django.conf import settings

settings.configure(CACHES={"default": {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": f"redis://127.0.0.1:{sys.argv[1]}/1",
}})

from django.core.cache import cache  # noqa: E402

cache.clear()
assert cache.get("none", "default") == "default"
cache.set("object", {"deep": [1, 2.5, None]}, timeout=100)
assert cache.get("object") == {"deep": [1, 2.5, None]}
assert 0 < cache.ttl("object") <= 100
cache.set_many({f"key:{n}": n for n in range(100)})
assert cache.get_many([f"key:{n}" for n in range(100)]) == {f"key:{n}": n for n in range(100)}
assert cache.add("key:1", "no") is False and cache.get("key:1") == 1
assert cache.incr("key:1", 5) == 6 and cache.get("key:1") == 6
assert cache.get_or_set("made", lambda: "once") == "once" and cache.get("made") == "once"
assert cache.touch("made", 50) and 0 < cache.ttl("made") <= 50
assert len(list(cache.iter_keys("key:*"))) == 100
assert cache.delete_pattern("key:*") == 100 and cache.keys("key:*") == []
with cache.lock("lock", timeout=10, blocking_timeout=10):
    assert cache.lock("lock", timeout=10).acquire(blocking=False) is False
assert cache.delete("object") and not cache.has_key("object")
print("fine")
