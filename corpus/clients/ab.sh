# ab, a load generator: ab.sh BASE SCRATCH
set -eu
base=$1
printf 'user=anna&password=correct+horse' >"$2/form"

ab -q -n 6 -c 2 -k "$base/api/v2/products/1042?fields=id,name&currency=EUR"
ab -q -n 4 -c 2 -H 'Accept-Encoding: gzip' -C 'session=5f2b8c1e9a7d4036' "$base/"
ab -q -n 4 -c 1 -p "$2/form" -T application/x-www-form-urlencoded "$base/login?next=%2Faccount"
