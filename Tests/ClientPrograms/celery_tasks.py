"""Celery, with Redis as its broker and for its results: tasks, a group, a chord, a retry; a real worker process."""
import os
import subprocess
import sys
import time

from celery import Celery, chord, group

URL = os.environ.get("REDIS_URL") or f"redis://127.0.0.1:{sys.argv[1]}/0"
app = Celery("celery_tasks", broker=URL, backend=URL)
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True, task_track_started=True)


@app.task
def add(one, other):
    return one + other


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=2)
def second_time(self):
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    return self.request.retries


def main():
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--pool", "solo", "--loglevel", "warning",
         "--without-mingle", "--without-gossip"],
        cwd=os.path.dirname(os.path.abspath(__file__)), env={**os.environ, "REDIS_URL": URL})
    try:
        assert [add.delay(n, 1).get(timeout=60) for n in range(5)] == [1, 2, 3, 4, 5]
        assert group(add.s(n, n) for n in range(10))().get(timeout=60) == [2 * n for n in range(10)]
        assert chord((add.s(n, n) for n in range(10)), total.s())().get(timeout=60) == 90
        assert second_time.delay().get(timeout=60) == 1
        assert app.control.ping(timeout=2), "the worker answers to a broadcast"
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    print("fine")


if __name__ == "__main__":
    main()
