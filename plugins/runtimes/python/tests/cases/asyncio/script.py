"""asyncio: tasks, timers, threads and children."""

import asyncio
import sys
import time


async def later(i):
    await asyncio.sleep(0.02 * (3 - i))
    return i


async def main():
    print(await asyncio.gather(*(later(i) for i in range(3))), [await task for task in asyncio.as_completed([later(0), later(2)])])
    print(await asyncio.to_thread(sum, [1, 2]), await asyncio.get_running_loop().run_in_executor(None, lambda: "executor"))
    python = [sys.executable, "-uc"]
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    child = await asyncio.create_subprocess_exec(*python, "import sys; print(input()); print('err', file=sys.stderr); sys.exit(3)", **pipes)
    print(await child.communicate(b"in\n"), child.returncode)
    child = await asyncio.create_subprocess_exec(*python, "for i in range(3): print(i)", stdout=asyncio.subprocess.PIPE)
    print([line async for line in child.stdout], await child.wait())
    begin = time.monotonic()
    children = [await asyncio.create_subprocess_exec(*python, "import time; time.sleep(1)") for _ in range(3)]
    print(await asyncio.gather(*(child.wait() for child in children)), time.monotonic() - begin < 2.9)
    try:
        await asyncio.wait_for(asyncio.sleep(9), 0.02)
    except TimeoutError:
        print("timeout")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(later(i)) for i in (1, 2)]
    print([task.result() for task in tasks])
    items = asyncio.Queue(maxsize=1)

    async def produce():
        for i in range(3):
            await items.put(i)

    async def consume():
        return [await items.get() for _ in range(3)]

    print((await asyncio.gather(produce(), consume()))[1])
    lock = asyncio.Lock()
    async with lock, asyncio.timeout(1):
        print(lock.locked())


asyncio.run(main())
loop = asyncio.new_event_loop()
print(loop.run_until_complete(later(2)))
loop.close()
