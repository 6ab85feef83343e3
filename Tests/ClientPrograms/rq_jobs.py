"""RQ: jobs, their results, a failing one, one that waits for another, one by a scheduler; a real worker process."""
import os
import subprocess
import sys
import time

import redis
from rq import Queue
from rq.job import Job


def add(one, other):
    return one + other


def fail():
    raise ValueError("as it should")


def main(port):
    connection = redis.Redis(port=port)
    queue = Queue("work", connection=connection)
    jobs = [queue.enqueue("rq_jobs.add", n, n) for n in range(10)]
    failing = queue.enqueue("rq_jobs.fail")
    dependent = queue.enqueue("rq_jobs.add", 1, 1, depends_on=jobs[0])
    assert len(queue) == 11, len(queue)
    subprocess.run(
        [sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", f"redis://127.0.0.1:{port}", "work"],
        check=True, timeout=60, cwd=os.path.dirname(os.path.abspath(__file__)),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert [job.return_value() for job in jobs] == [2 * n for n in range(10)]
    assert dependent.return_value() == 2
    assert failing.get_status(refresh=True) == "failed", failing.get_status()
    assert len(queue.failed_job_registry) == 1 and len(queue.finished_job_registry) == 11
    assert "ValueError" in Job.fetch(failing.id, connection=connection).latest_result().exc_string
    print("fine")


if __name__ == "__main__":
    main(int(sys.argv[1]))
