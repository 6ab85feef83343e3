"""huey: tasks, results, a scheduled one, a lock, a pipeline of tasks; its consumer in threads."""
import sys
import time

from huey import RedisExpireHuey

huey = RedisExpireHuey("lab", url=f"redis://127.0.0.1:{sys.argv[1]}")


@huey.task()
def add(one, other):
    return one + other


@huey.task(retries=1)
def fail():
    raise ValueError("as it should")


def main():
    consumer = huey.create_consumer(workers=2, periodic=False, initial_delay=0.01, backoff=1.0, max_delay=0.05)
    consumer.start()
    try:
        results = [add(n, n) for n in range(20)]
        assert [result.get(blocking=True, timeout=20) for result in results] == [2 * n for n in range(20)]
        assert add.schedule((1, 2), delay=0)(blocking=True, timeout=20) == 3
        assert huey.enqueue(add.s(1, 1).then(add, 5)).get(blocking=True, timeout=20) == [2, 7]
        with huey.lock_task("lock"):
            assert huey.is_locked("lock")
        assert not huey.is_locked("lock")
    finally:
        consumer.stop(graceful=True)
    print("fine")


main()
