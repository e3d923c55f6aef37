"""requests: python_requests.py BASE HOST"""

import sys

import requests

base, host = sys.argv[1:3]
session = requests.Session()
session.trust_env = False

session.get(base + "/")  # sets cookies
session.get(base + "/api/v2/users/1042/orders", params=[("page", 2), ("sort", "asc"), ("tag", "a"), ("tag", "b")])
session.get(base + "/api/v2/search", params={"q": "café & bar", "empty": "", "lang": ["en", "de"]})
session.post(base + "/login", data={"user": "anna", "password": "correct horse"})
session.post(base + "/api/v2/carts", json={"sku": "A-1042/b", "quantity": 2}, params={"expand": "product"})
session.post(base + "/upload", files={"file": ("naïve.txt", b"hello", "text/plain")}, data={"caption": "hi"})
session.put(base + "/files/report 2024.csv", data=(part for part in [b"a,b\n", b"1,2\n"]))
session.patch(base + "/api/v2/users/1042", json={"name": "new"}, headers={"If-Match": '"33a64df5"'})
session.get(base + "/admin", auth=("anna", "example"))
session.head(base + "/media/video/intro.mp4", headers={"Range": "bytes=0-99"})
session.options(base + "/api/v2/carts", headers={"Origin": "https://app.example"})
session.delete(base + "/api/v2/users/1042/sessions/9f8e7d")
for page in range(1, 9):
    session.get(
        f"{base}/api/v2/tenants/{page % 3}/invoices",
        params={"page": page, "status": ["open", "overdue"], "sort": "-date"},
        headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMDQyIn0.", "X-Request-Id": f"req-{page:04}"},
    )
