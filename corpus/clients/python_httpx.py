"""httpx: python_httpx.py BASE HOST"""

import sys

import httpx

base, host = sys.argv[1:3]
headers = [("X-Api-Key", "example"), ("Accept", "application/json"), ("Accept", "text/plain;q=0.5")]
with httpx.Client(base_url=base, trust_env=False) as client:
    client.get("/")
    client.get("/api/v2/products", params={"tag": ["a", "b", "c"], "q": "grün+gelb", "page": 1})
    client.post("/login", data={"user": "anna", "password": "correct horse"})
    client.post("/graphql", json={"query": "{ me { name } }"}, params={"op": "Me"})
    client.post("/upload", files={"file": ("a.bin", b"\0\1")})
    client.put("/files/a%20b/c%2Fd.txt", content=iter([b"one", b"two"]))
    for page in range(1, 8):
        client.get(f"/api/v2/users/{page * 17}/orders", params={"page": page, "include": "items"}, headers=headers)
with httpx.Client(base_url=base, trust_env=False, auth=("anna", "example")) as client:
    client.get("/private/reports", params={"year": 2024, "format": ""})
