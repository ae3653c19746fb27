"""Python's HTTP clients, each as scripts use it. Its argument is the server's address."""

import asyncio
import http.client
import json
import sys
import time
import urllib.error
import urllib.request

import httpx
import requests

BASE = sys.argv[1]
HOST = BASE.removeprefix("http://")


def show(name, call, *arguments, **options):
    try:
        print(name, call(*arguments, **options))
    except Exception as error:
        print(name, type(error).__module__, type(error).__name__, getattr(error, "code", ""))


def read(*arguments, **options):
    with urllib.request.urlopen(*arguments, **options) as response:
        return response.status, response.headers.get_content_type(), response.read()[:200]


show("urllib", read, BASE + "/a?b=c")
show("urllib put", read, urllib.request.Request(BASE + "/p", b"hello", {"X-Own": "1", "Content-Type": "text/plain"}, method="PUT"))
show("urllib missing", read, BASE + "/missing")
show("urllib moved", lambda: urllib.request.urlopen(BASE + "/moved").geturl().removeprefix(BASE))
show("urllib lines", lambda: list(urllib.request.urlopen(BASE + "/lines")))
show("urllib large", lambda: len(urllib.request.urlopen(BASE + "/large").read()))
show("urllib slow", read, BASE + "/slow", timeout=0.4)
urllib.request.urlretrieve(BASE + "/lines", "kept.txt")
print(open("kept.txt").read().split())

connection = http.client.HTTPConnection(HOST)
for method in ("GET", "HEAD", "DELETE"):
    connection.request(method, "/" + method)
    response = connection.getresponse()
    print("http.client", response.status, response.reason, response.getheader("content-type"), len(response.read()) > 0)

show("requests", lambda: requests.get(BASE + "/g", params={"a": "ü"}, headers={"x-own": "2"}, auth=("u", "p")).json())
show("requests json", lambda: requests.post(BASE + "/j", json={"k": [1]}).json())
show("requests form", lambda: requests.post(BASE + "/f", data={"k": "v"}).json())
show("requests file", lambda: requests.post(BASE + "/f", files={"f": ("n.txt", b"data" * 1000)}).json()["length"] > 4000)
show("requests packed", lambda: requests.get(BASE + "/packed").json())
show("requests missing", lambda: requests.get(BASE + "/missing").raise_for_status())
show("requests stream", lambda: sum(len(part) for part in requests.get(BASE + "/large", stream=True).iter_content(65536)))
show("requests lines", lambda: list(requests.get(BASE + "/lines", stream=True).iter_lines()))
show("requests generator", lambda: requests.post(BASE + "/c", data=(part for part in [b"ab", b"cd"])).json()["length"])
show("requests slow", requests.get, BASE + "/slow", timeout=0.4)
session = requests.Session()
session.get(BASE + "/1")
show("requests cookies", lambda: session.get(BASE + "/2").json())

show("httpx", lambda: httpx.post(BASE + "/x", json={"a": 1}, headers={"x-own": "3"}).json())
show("httpx moved", lambda: httpx.get(BASE + "/moved", follow_redirects=True).url.path)
show("httpx slow", httpx.get, BASE + "/slow", timeout=0.4)
with httpx.stream("GET", BASE + "/lines") as response:
    print("httpx lines", list(response.iter_lines()))


async def main():
    async with httpx.AsyncClient() as client:
        answers = await asyncio.gather(*(client.get(f"{BASE}/{i}") for i in range(3)))
        print("async", [answer.json()["path"] for answer in answers])
        begin = time.monotonic()
        await asyncio.gather(*(client.get(BASE + "/slow") for _ in range(4)))
        print("async at once", time.monotonic() - begin < 5)
        async with client.stream("GET", BASE + "/lines") as response:
            print("async lines", [line async for line in response.aiter_lines()])


asyncio.run(main())
