# Chromium, headless: chromium.sh BROWSER BASE SCRATCH
#
# Each visit is a new profile. The front page loads a style sheet, a script,
# images and a frame, the script fetches, uploads and sends a form, and the page
# behind that sends another.
set -eu
browser=$1 base=$2

visit() {
    n=$((${n:-0} + 1))
    profile=$3/profile-$n
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic \
        --no-first-run --no-proxy-server --disable-background-networking \
        --disable-component-update --disable-sync --disable-default-apps \
        --disable-dev-shm-usage --lang="$2" --accept-lang="$2" \
        --user-data-dir="$profile" --virtual-time-budget=20000 --dump-dom "$base$1"
}

visit / en-US "$3"
visit '/?utm_source=newsletter&utm_medium=e-mail&utm_campaign=spring%20sale' de-AT,de,en "$3"
visit '/articles/2024/05/17/%E6%97%A5%E6%9C%AC%E8%AA%9E?ref=front&ref=feed' ja,en "$3"
visit '/search?q=caf%C3%A9+bar&category=food&category=drink&min=&max=25.50' fr-FR,fr "$3"
