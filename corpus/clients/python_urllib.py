"""Python's own client: python_urllib.py BASE HOST"""

import sys
from urllib.parse import quote, urlencode
from urllib.request import Request, build_opener, HTTPCookieProcessor, ProxyHandler

base, host = sys.argv[1:3]
opener = build_opener(ProxyHandler({}), HTTPCookieProcessor())


def ask(path, **kwargs):
    with opener.open(Request(base + path, **kwargs)) as reply:
        reply.read()


ask("/")  # sets cookies
ask("/feeds/atom.xml")
ask("/api/v2/users/1042/orders?" + urlencode([("page", 2), ("tag", "a"), ("tag", "b"), ("q", "café bar")]))
ask("/wiki/" + quote("Zürich (Kanton)"))
ask("/login", data=urlencode({"user": "anna", "password": "a b+c"}).encode())
ask("/api/v2/things/7", data=b'{"x":1}', method="PUT", headers={"Content-Type": "application/json"})
ask("/api/v2/things/7", method="DELETE", headers={"X-Reason": "obsolete"})
for page in range(1, 5):
    ask(f"/api/v2/events?{urlencode({'cursor': f'c{page}==', 'limit': 100, 'type': ['a', 'b']}, doseq=True)}")
