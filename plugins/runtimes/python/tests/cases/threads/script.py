"""Threads, executors and queues with the results that threads have."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed, wait

squares = []
threads = [threading.Thread(target=lambda i=i: squares.append(i * i)) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(squares), [thread.is_alive() for thread in threads])

with ThreadPoolExecutor(max_workers=4) as executor:
    print(list(executor.map(lambda x: x + 1, range(5))))
    futures = {executor.submit(pow, 2, i): i for i in range(4)}
    print(sorted(future.result() for future in as_completed(futures)))
    failed = executor.submit(lambda: 1 / 0)
    print(type(failed.exception()).__name__, len(wait(futures).done))

items, taken = queue.Queue(), []


def take():
    while (item := items.get()) is not None:
        taken.append(item)
        items.task_done()


consumer = threading.Thread(target=take)
consumer.start()
for i in range(5):
    items.put(i)
items.put(None)
consumer.join()
print(taken)

narrow, passed = queue.Queue(maxsize=2), []


def produce():
    for i in range(6):
        narrow.put(i)
    narrow.put(None)


def consume():
    while (item := narrow.get()) is not None:
        passed.append(item)


pair = [threading.Thread(target=produce), threading.Thread(target=consume)]
for thread in pair:
    thread.start()
for thread in pair:
    thread.join()
print(passed)

jobs = queue.Queue()


def serve():
    while True:
        jobs.get()
        jobs.task_done()


threading.Thread(target=serve, daemon=True).start()
for i in range(3):
    jobs.put(i)
jobs.join()
print("served")

stop = threading.Event()


def spin():
    while not stop.is_set():
        time.sleep(0.02)


spinner = threading.Thread(target=spin)
spinner.start()
time.sleep(0.1)
stop.set()
spinner.join()
threading.excepthook = lambda what: print("hook", what.exc_type.__name__, what.exc_value, what.thread.name)
broken = threading.Thread(target=lambda: [][1], name="broken")
broken.start()
broken.join()
lock, count = threading.Lock(), 0


def add():
    global count
    for _ in range(100):
        with lock:
            count += 1


adders = [threading.Thread(target=add) for _ in range(3)]
[thread.start() for thread in adders]
[thread.join() for thread in adders]
event = threading.Event()
threading.Timer(0.02, event.set).start()
print(count, event.wait(5), threading.current_thread().name, threading.current_thread() is threading.main_thread())
done = False


def finish():
    global done
    done = True


threading.Thread(target=finish).start()
while not done:
    time.sleep(0.01)
threading.Thread(target=lambda: print("last")).start()
