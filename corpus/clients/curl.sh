# curl as people use it from a shell: curl.sh BASE HOST
set -eu
base=$1 host=$2

# One call is one connection; -q keeps out a private ~/.curlrc.
c() { curl -q -sS --noproxy '*' -o /dev/null "$@"; }

# Plain.
c "$base/"
c "$base/index.html" "$base/robots.txt" "$base/.well-known/security.txt"
c -I "$base/downloads/millpond-0.1.0.tar.gz"
c -L --compressed "$base/articles/2024/05/17/how-pools-work"
c -A 'Mozilla/5.0 (compatible; ExampleBot/2.1; +http://example.com/bot.html)' "$base/sitemap.xml"
c -e 'https://search.example/?q=object+pool' "$base/docs/guide/getting-started#install"
c -H 'Host: api.shop.example' "$base/v1/status"
c --http1.0 "$base/old/cgi-bin/counter.cgi?page=home"
c -x "$base" "http://$host/through/a/proxy?via=1" --noproxy ''

# Queries: repeated names, empty values, escapes, plus signs, no '=' at all.
c "$base/api/v2/users/1042/orders?page=2&sort=asc&tag=a&tag=b&q=caf%C3%A9+bar"
c "$base/search?q=&lang=en&lang=de&lang=fr&debug"
c "$base/search?q=a%26b%3Dc&&utm_source=news%20letter&utm_medium=e-mail&utm_campaign=spring+sale"
c "$base/filter?price[gte]=10&price[lte]=20&colour[]=red&colour[]=blue" -g
c "$base/%E6%97%A5%E6%9C%AC%E8%AA%9E/%C3%BCber%20uns?%E5%90%8D%E5%89%8D=%E5%A4%AA%E9%83%8E"
c -G "$base/api/v2/geocode" --data-urlencode 'address=Straße des 17. Juni 135, 10623 Berlin' \
    --data-urlencode 'components=country:DE|locality:Berlin' -d format=json
for page in 1 2 3 4 5; do
    c "$base/api/v2/products?category=tea&category=coffee&page=$page&per_page=50&fields=id,name,price"
done
c "$base/path//with/./empty//segments/?trailing=" --path-as-is

# Bodies.
c -d 'user=anna&password=correct+horse' "$base/login"
c --data-urlencode 'comment=50% off & more' -d rating=5 "$base/api/v2/products/1042/reviews?notify=0"
c -H 'Content-Type: application/json' -H 'Accept: application/json' \
    -d '{"sku":"A-1042/b","quantity":2}' "$base/api/v2/carts/77/items?expand=product&expand=price"
c -X PATCH -H 'Content-Type: application/merge-patch+json' -H 'If-Match: "33a64df5"' \
    -d '{"name":"new"}' "$base/api/v2/users/1042"
c -X DELETE "$base/api/v2/users/1042/sessions/9f8e7d?reason=logged%20out"
c -F 'file=hello;filename=photo.jpg;type=image/jpeg' -F caption=hi "$base/upload?album=holiday%2F2024"
printf 'line one\nline two\n' | c -T - "$base/files/notes.txt?overwrite=true"
head -c 2000000 /dev/zero | c --data-binary @- -H 'Content-Type: application/octet-stream' "$base/files/blob"
c -X OPTIONS -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: PUT' \
    -H 'Access-Control-Request-Headers: content-type,x-requested-with' "$base/api/v2/carts/77"

# Headers.
c -b 'session=5f2b8c1e9a7d4036; theme=dark; consent=1' "$base/account/settings?tab=privacy"
c -u anna:example "$base/admin/reports/daily?from=2024-05-01&to=2024-05-31&format=csv"
c -H 'Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMDQyIn0.' "$base/api/v2/me"
c -r 0-1023 "$base/media/video/intro.mp4"
c -r 4096-,-512 "$base/media/video/intro.mp4?quality=720p"
c -z 'Fri, 17 May 2024 10:00:00 GMT' -H 'If-None-Match: "33a64df5"' "$base/static/js/app.js?v=3.1.4"
c -H 'Accept: text/html' -H 'Accept: application/xhtml+xml' -H 'Accept: */*;q=0.1' \
    -H 'X-Forwarded-For: 192.0.2.7' -H 'X-Forwarded-For: 198.51.100.4' \
    -H 'Via: 1.1 cache-a' -H 'Via: 1.1 cache-b' "$base/behind/two/proxies?x=1&x=2&x=3"
c -H 'Accept-Language: de-AT, de;q=0.8, en;q=0.5' -H 'X-Empty;' -H 'X-Name: Jürgen' "$base/über"
c -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' \
    -H 'tracestate: vendor=abc' -H 'X-Request-Id: 6f1c2e0a-7d3b-4a53-9d41-0c7f5f1f2f60' \
    -H 'X-B3-Sampled: 1' "$base/internal/inventory/warehouses/9/stock?sku=A-1042%2Fb&sku=C-7"
c -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
    -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$base/live/feed?channel=prices&channel=news"
# The long ones of daily life: a sign-in, and a visitor whom many scripts have tagged.
c "$base/oauth2/v2.0/authorize?response_type=code&client_id=6731de76-14a6-49ae-97bc-6eba6914391e&redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fcallback%3Ffrom%3D%252Fhome&response_mode=query&scope=openid%20profile%20offline_access&state=bG9uZyBzdGF0ZSB0aGF0IG1lYW5zIG5vdGhpbmc%3D&nonce=678910&code_challenge=YTFjNjI1OWYzMzA3MTI4ZDY2Njg5M2RkNmVjNDE5YmEyZGRhOGYyM2IzNjdmZWFhMTQ1ODg3NDcxY2Nl&code_challenge_method=S256"
tags=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    tags="$tags; _tag_$i=GA1.2.$((i * 104729)).$((1716120000 + i * 7919)); visit$i=%7B%22first%22%3Afalse%2C%22n%22%3A$i%7D"
done
c -b "session=5f2b8c1e9a7d4036$tags" -H 'Accept-Language: en-GB,en;q=0.7' "$base/news/local/2024/05/17?edition=morning"

# The same endpoint again and again, as a health check or a poller asks.
for i in 1 2 3 4 5; do
    c "$base/healthz"
    c -H 'Accept: application/json' "$base/api/v2/jobs/$i/status?wait=30s&fields=state&fields=progress"
done
