"""aiohttp, several requests in flight: python_aiohttp.py BASE HOST"""

import asyncio
import sys

import aiohttp

base, host = sys.argv[1:3]


async def ask(session, method, path, **kwargs):
    async with session.request(method, base + path, **kwargs) as reply:
        await reply.read()


async def main():
    # IP addresses are trusted with cookies, as the loopback one must be here.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"X-Service": "checkout"}) as session:
        await ask(session, "GET", "/")
        await ask(session, "POST", "/login", data={"user": "anna", "password": "correct horse"})
        await ask(session, "POST", "/api/v2/carts", json={"sku": "A-1042/b"})
        await ask(session, "GET", "/api/v2/search", params=[("q", "日本"), ("tag", "a"), ("tag", "b"), ("empty", "")])
        await asyncio.gather(
            *(
                ask(session, "GET", f"/api/v2/stock/{sku}", params={"warehouse": "9", "at": "2024-05-17T10:00:00Z"})
                for sku in ("A-1042", "B-7", "C-31", "D-5", "E-99", "F-3")
            )
        )


asyncio.run(main())
