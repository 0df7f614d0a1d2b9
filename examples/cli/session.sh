#!/usr/bin/env bash
# A session at the command line: a node, values in and out, a key that is watched, a cache that is measured and sized.
# Run it after `make build`: bash examples/cli/session.sh
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
cli="$here/../../dist/cli.mjs"
gocachex() { node "$cli" "$@"; }
work="$(mktemp -d)"
node_pid="" watch_pid="" guarded_pid=""
# However it ends, nothing keeps running and nothing is left.
trap 'kill $watch_pid $node_pid $guarded_pid 2>/dev/null || true; wait; rm -rf "$work"' EXIT
say() { printf '\n# %s\n' "$1"; }

say "a node of its own, on any free port"
node "$cli" serve --json --quiet --port 0 >"$work/node.json" &
node_pid=$!
for _ in $(seq 300); do [ -s "$work/node.json" ] && break; sleep 0.1; done
GOCACHEX_NODE="$(sed -E 's/.*"url":"([^"]+)".*/\1/' "$work/node.json")"
export GOCACHEX_NODE
gocachex health

say "values: a text, an object with a TTL and a tag, bytes through pipes"
gocachex set greeting hello
gocachex set user:42 '{"name":"Ada"}' --json-value --ttl 5m --tags users
gocachex get user:42
head -c 100000 /dev/urandom >"$work/bytes"
gocachex set blob - <"$work/bytes"
gocachex get blob | cmp - "$work/bytes" && echo "the bytes came back as they were"
gocachex keys | sort | paste -sd ' '

say "exit codes are answers: a miss, a key that is there already"
gocachex get nobody --quiet || echo "a miss ends with $?"
gocachex set greeting again --nx --quiet || echo "not written ends with $?"

say "a key is watched while another command writes it"
# By the program itself, not by the function: its shell would be what is killed, and the program would stay.
node "$cli" watch user:42 --json --quiet --interval 100ms >"$work/watch.jsonl" &
watch_pid=$!
for _ in $(seq 300); do [ -s "$work/watch.jsonl" ] && break; sleep 0.1; done
gocachex set user:42 '{"name":"Grace"}' --json-value --quiet >/dev/null
for _ in $(seq 300); do [ "$(wc -l <"$work/watch.jsonl")" -ge 2 ] && break; sleep 0.1; done
sed -E 's/.*"event":"([a-z]+)".*"name":"([A-Za-z]+)".*/\1: \2/' "$work/watch.jsonl"

say "what is measured is removed again"
gocachex bench --requests 500 --keys 50 --clients 4 --json | sed -E 's/.*"all":\{"count":([0-9]+).*/\1 calls were measured/'
gocachex stats --json | sed -E 's/.*"keyCount":([0-9]+).*/\1 keys are there/'

say "how big should a cache be? a trace of 20,000 requests, most of them for few of 2,000 keys"
awk 'BEGIN { srand(7); for (i = 0; i < 20000; i++) print "key-" int(2000 ^ rand()) }' >"$work/trace.txt"
gocachex replay "$work/trace.txt" --policies w-lirs,lru --sizes 20,200,2000 --chart "$work/curve.png"
head -c 4 "$work/curve.png" | tail -c 3 | sed 's/PNG/the curves are drawn/' && echo

say "what is wrong? the counters of one look, and a diagnosis"
gocachex top --interval 200ms | head -n 1 | cut -c 1-12
(gocachex doctor --quiet || true) | tail -n 1 | sed -E 's/.*, ([0-9]+) failing/\1 things fail/'

say "a node that asks who comes: tokens in files that only their owner may read"
(umask 077 && for role in read write; do head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$work/$role"; done)
printf '{"tokens":[{"role":"read","tokenFile":"%s"},{"role":"write","tokenFile":"%s"}]}' "$work/read" "$work/write" >"$work/access.json"
node "$cli" serve --json --quiet --port 0 --access "$work/access.json" >"$work/guarded.json" &
guarded_pid=$!
for _ in $(seq 300); do [ -s "$work/guarded.json" ] && break; sleep 0.1; done
GOCACHEX_NODE="$(sed -E 's/.*"url":"([^"]+)".*/\1/' "$work/guarded.json")"
gocachex get greeting 2>/dev/null || echo "without a token: $?"
gocachex set greeting hello --token-file "$work/read" 2>/dev/null || echo "with one to read, a write: $?"
gocachex set greeting hello --token-file "$work/write"
GOCACHEX_NODE_TOKEN_FILE="$work/read" gocachex get greeting

say "done"
