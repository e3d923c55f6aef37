# wget: wget.sh BASE SCRATCH
set -eu
base=$1
cd "$2"

w() { wget --no-config --no-proxy --no-hsts -q -O /dev/null "$@"; }

w "$base/" "$base/downloads/checksums.txt"
w "$base/downloads/millpond-0.1.0.tar.gz?mirror=2&token=a%2Bb%3D"
w -c "$base/downloads/big.iso"
w --spider "$base/articles/2024/05/17/how-pools-work"
w --header 'Accept-Language: fr' --header 'X-Trace: 1' --referer "$base/docs/" "$base/docs/faq?lang=fr"
w --user anna --password example --auth-no-challenge "$base/private/export?format=ods&since="
w --post-data 'q=caf%C3%A9&page=1' "$base/search?form=advanced"
w --method PUT --body-data '{"on":true}' --header 'Content-Type: application/json' "$base/api/v2/flags/dark-mode"
w --compression=auto -U 'Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0' \
    "$base/images/photo%20(1).jpg?w=320&h=240"
# A mirror's walk through the front page and what it needs.
wget --no-config --no-proxy -q -p -P mirror "$base/"
# A visit with cookies.
wget --no-config --no-proxy -q -O /dev/null --keep-session-cookies --save-cookies jar "$base/login"
w --load-cookies jar "$base/account/orders?year=2023&year=2024"
