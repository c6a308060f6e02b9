"""The protocol of contender.ts, for peers in Python: `serve(run)`, where run returns what it counted."""
import json
import sys
import time


class Watch:
    """Times the job, without what comes before and after it."""

    def __init__(self, repetition):
        self.repetition = repetition

    def __enter__(self):
        self.bytes = bytes_read()
        self.cpu = time.process_time()
        self.started = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.ms = (time.perf_counter() - self.started) * 1000
        self.cpu_ms = (time.process_time() - self.cpu) * 1000
        self.bytes = bytes_read() - self.bytes


def bytes_read():
    """What the process asked the system to read; files that are mapped into memory do not count."""
    try:
        with open('/proc/self/io') as io:
            return int(io.readline().split()[1])
    except OSError:
        return 0


def serve(run):
    """`run(watch)` does one repetition inside `with watch:` and returns the count, or (count, note)."""
    print(json.dumps({'ready': True}), flush=True)
    for line in sys.stdin:
        watch = Watch(int(line))
        result = run(watch)
        count, note = result if isinstance(result, tuple) else (result, None)
        answer = {'count': count, 'ms': watch.ms, 'cpuMs': watch.cpu_ms, 'bytesRead': watch.bytes}
        if note is not None:
            answer['note'] = note
        print(json.dumps(answer), flush=True)
