#!/bin/sh
# Records corpus/requests.jsonl anew: starts the recorder (examples/record) on
# the loopback interface and drives every HTTP client it finds at it.
#
#   corpus/record.sh [OUT]        default: corpus/requests.jsonl
#   PORT=9000 corpus/record.sh    if 8765 is taken
#
# Installs nothing. A client that is missing is named and skipped, so the corpus
# then holds fewer requests. corpus/README.md lists what the shipped one was
# made with.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
clients=$here/clients
out=${1:-$here/requests.jsonl}
port=${PORT:-8765}
# The name that clients see. It always means loopback, and browsers treat it
# like an https origin, so they send all the headers they would send to one.
host=shop.localhost:$port
base=http://127.0.0.1:$port

cargo build --quiet --release --manifest-path "$here/../Cargo.toml" --example record
scratch=$(mktemp -d)
target=${CARGO_TARGET_DIR:-$here/../target}
"$target/release/examples/record" --port "$port" --out "$scratch/out" 2>"$scratch/log" &
recorder=$!
trap 'kill $recorder 2>/dev/null || true; rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

until grep -q listening "$scratch/log"; do
    if ! kill -0 $recorder 2>/dev/null; then
        cat "$scratch/log" >&2
        exit 1
    fi
    sleep 0.1
done

have() { command -v "$1" >/dev/null 2>&1; }
missing() { echo "record.sh: $1 is missing: skipped" >&2; }
lines() { wc -l <"$scratch/out"; }

# client NAME VERSION COMMAND...: runs it and says how many requests came of it.
client() {
    name=$1 version=$2
    shift 2
    before=$(lines)
    if ! "$@" >"$scratch/client.log" 2>&1; then
        echo "record.sh: $name failed:" >&2
        tail -5 "$scratch/client.log" >&2
    fi
    printf '%-28s %4d requests   %s\n' "$name" $(($(lines) - before)) "$version"
}

# No proxy and no private settings: what is recorded must not depend on whose
# machine this is.
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY 2>/dev/null || true
export no_proxy='*' HOME="$scratch" LC_ALL=C.UTF-8 TZ=UTC

if have curl; then
    client curl "$(curl -qV | sed -n '1s/ (.*//p')" \
        sh "$clients/curl.sh" "$base" "$host"
else missing curl; fi

if have wget; then
    client wget "$(wget --no-config --version | sed -n '1s/ built.*//p')" \
        sh "$clients/wget.sh" "$base" "$scratch"
else missing wget; fi

if have ab; then
    client ab "$(ab -V | sed -n '1s/.*, //; 1s/ <.*//p')" \
        sh "$clients/ab.sh" "$base" "$scratch"
else missing ab; fi

python=${PYTHON:-python3}
if have "$python"; then
    for module in urllib requests httpx aiohttp; do
        if version=$("$python" -c "import platform, $module
print(getattr($module, '__version__', platform.python_version()))" 2>/dev/null); then
            client "Python $module" "$version" \
                "$python" "$clients/python_$module.py" "$base" "$host"
        else missing "Python $module"; fi
    done
else missing "$python"; fi

if have node; then
    client "Node http and fetch" "$(node --version)" \
        node "$clients/node.mjs" "$base"
else missing node; fi

if have java; then
    client "Java HttpClient" "$(java -version 2>&1 | sed -n '1s/"//gp')" \
        java "$clients/JavaClient.java" "$base"
else missing java; fi

browser=
for name in chromium chromium-browser google-chrome; do
    if [ -z "$browser" ] && have "$name"; then browser=$name; fi
done
if [ -n "$browser" ]; then
    client Chromium "$("$browser" --version 2>/dev/null | sed 's/ built.*//')" \
        sh "$clients/chromium.sh" "$browser" "http://$host" "$scratch"
else missing chromium; fi

if grep 'not recorded' "$scratch/log" >&2; then
    echo "record.sh: some requests were refused (above)" >&2
fi
mv "$scratch/out" "$out"
echo "$out: $(wc -l <"$out") requests, $(wc -c <"$out") bytes"
