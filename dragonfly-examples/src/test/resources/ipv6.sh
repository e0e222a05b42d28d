#!/bin/bash
# Hosts in network namespaces: one with a source and a supernode, two with peers, on one switch.
#   ipv6.sh DISTRIBUTION DIRECTORY only   the hosts have IPv6 alone, without 127.0.0.1
#   ipv6.sh DISTRIBUTION DIRECTORY dual   they have both, and the peers use the supernode by different ones
# Needs root, iproute2, curl and python3. Ends with 0 and "good" if all went well.
set -eu
dist=$(readlink -f "$1")
dir=$2
kind=$3
id=$(printf '%04d' $(($$ % 10000)))
prefix=v6t$id
limit=180
mib=$((1 << 20))
net=fd66:$id
mkdir -p "$dir"
dir=$(readlink -f "$dir")
spaces=
started=

fail() {
  echo "$kind: $1" >&2
  for log in "$dir"/*.log; do
    echo "--- $log" >&2
    tail -40 "$log" >&2
  done
  exit 1
}

end() {
  trap - EXIT INT TERM
  for process in $started; do
    kill "$process" 2>/dev/null || :
  done
  for space in $spaces; do
    # Peers that commands left running are in there, too.
    ip netns pids "$space" 2>/dev/null | xargs -r kill -9 2>/dev/null || :
    ip netns del "$space" 2>/dev/null || :
    rm -rf "/etc/netns/$space"
  done
  rmdir /etc/netns 2>/dev/null || :
}
trap end EXIT
trap 'exit 1' INT TERM

space() {
  ip netns add "$prefix-$1"
  spaces="$spaces $prefix-$1"
  ip -n "$prefix-$1" link set lo up
}

# A host: its name, and the last part of its addresses.
host() {
  space "$1"
  ip link add "$prefix$1" netns "$prefix-$1" type veth peer name "$prefix$1s" netns "$prefix-sw"
  ip -n "$prefix-sw" link set "$prefix$1s" master br0 up
  ip -n "$prefix-$1" addr add "$net::$2/64" dev "$prefix$1" nodad
  if [ "$kind" = dual ]; then
    ip -n "$prefix-$1" addr add "10.66.0.$2/24" dev "$prefix$1"
  else
    ip -n "$prefix-$1" addr del 127.0.0.1/8 dev lo
  fi
  ip -n "$prefix-$1" link set "$prefix$1" up
  # The supernode's name has an address of each kind, whether the host can reach both or not.
  mkdir -p "/etc/netns/$prefix-$1"
  printf '127.0.0.1 localhost\n::1 localhost\n10.66.0.1 both.test\n%s::1 both.test\n' "$net" \
    >"/etc/netns/$prefix-$1/hosts"
}

# Runs a command on a host.
on() {
  at=$1
  shift
  ip netns exec "$prefix-$at" "$@"
}

# Starts a command on a host: the host, the name of its log, and the command.
start() {
  at=$1
  log=$dir/$2.log
  shift 2
  ip netns exec "$prefix-$at" "$@" >"$log" 2>&1 </dev/null &
  started="$started $!"
}

await() {
  for _ in $(seq $((limit * 5))); do
    if grep -q -- "$2" "$dir/$1.log"; then
      return
    fi
    sleep 0.2
  done
  fail "no '$2' in $1.log"
}

# Downloads a file on a host: the host, the name of the output, the supernode, the file, more options.
# Nothing may come from the source.
get() {
  at=$1
  name=$2
  supernode=$3
  file=$4
  shift 4
  on "$at" timeout $limit "$dist/bin/dfget" --url "http://[$net::1]:8000/$file" --output "$dir/$name" \
    --home "$dir/home-$at" --node "$supernode" --timeout 120s --json "$@" \
    >"$dir/$name.json" 2>"$dir/$name.log" </dev/null \
    || fail "dfget on $at from $supernode has failed: $(cat "$dir/$name.json")"
  cmp "$dir/$name" "$dir/www/$file" || fail "$name is wrong"
  grep -q '"bytesFromSource":0' "$dir/$name.json" \
    || fail "$name did not come by way of the swarm alone: $(cat "$dir/$name.json")"
}

# Tells how many bytes of a download came from elsewhere: its name and the field.
bytes() {
  sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" "$dir/$1.json"
}

healthy() {
  on b "$dist/bin/dfdaemon" healthcheck "$@" 2>"$dir/health.log" || fail "healthcheck $* has failed"
}

ip netns add "$prefix-sw"
spaces=$prefix-sw
ip -n "$prefix-sw" link add br0 type bridge
ip -n "$prefix-sw" link set br0 up
host n 1
host a 2
host b 3

mkdir -p "$dir/www/v2/library/file/blobs"
head -c $((16 * mib)) /dev/urandom >"$dir/www/first"
head -c $((16 * mib)) /dev/urandom >"$dir/www/second"
blob=sha256:$(sha256sum "$dir/www/first" | cut -d' ' -f1)
cp "$dir/www/first" "$dir/www/v2/library/file/blobs/$blob"
start n source python3 -u -m http.server --bind "$net::1" --directory "$dir/www" 8000
await source Serving

if [ "$kind" = only ]; then
  addresses=$net::1
  for_a="[$net::1]:8002"
  for_b=both.test
else
  addresses=10.66.0.1
  for_a=10.66.0.1:8002
  for_b="[$net::1]:8002"
fi
start n supernode "$dist/bin/supernode" --home-dir "$dir/supernode" --advertise-ip "$addresses"
await supernode "supernode ready"

# The first host reads through the supernode, and its background peer keeps the file.
get a a-first "$for_a" first
[ "$(bytes a-first bytesFromSupernode)" -gt 0 ] || fail "nothing came from the supernode"

# The second one, which knows the supernode by another address, takes from both.
get b b-first "$for_b" first
echo "b took $(bytes b-first bytesFromPeers) bytes from peers," \
  "$(bytes b-first bytesFromSupernode) from the supernode"
[ "$(bytes b-first bytesFromPeers)" -gt 0 ] || fail "nothing came from the peer"

# And the other way round.
get b b-second "$for_b" second
get a a-second "$for_a" second
[ "$(bytes a-second bytesFromPeers)" -gt 0 ] || fail "nothing came back from the other peer"

# All peers are there once, and nobody was isolated.
on n "$dist/bin/supernode" admin peers --home-dir "$dir/supernode" >"$dir/peers.log" 2>&1 \
  || fail "supernode admin has failed"
if grep -q "is to give to nobody" "$dir/supernode.log"; then
  fail "a peer was isolated"
fi

# An image's blob, through dfdaemon at ::1 and at all addresses.
for listen in ::1 ::; do
  start b "dfdaemon$listen" "$dist/bin/dfdaemon" --host-ip "$listen" --home "$dir/home-d$listen" \
    --node "$for_b" --registry "http://[$net::1]:8000"
  daemon=$!
  await "dfdaemon$listen" "dfdaemon ready on \[$listen\]:65001"
  healthy --host-ip "$listen"
  on b curl -sSf -m $limit -o "$dir/blob$listen" "http://[::1]:65001/v2/library/file/blobs/$blob" \
    || fail "curl through dfdaemon on $listen has failed"
  cmp "$dir/blob$listen" "$dir/www/first" || fail "the blob is wrong"
  on b curl -sSf -m $limit -o "$dir/blob$listen" "http://localhost:65001/v2/library/file/blobs/$blob" \
    || fail "curl through dfdaemon on $listen, by the name localhost, has failed"
  kill "$daemon"
  wait "$daemon" || :
done
echo good
