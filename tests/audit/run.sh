#!/usr/bin/env bash
# What zonemaster and dnsviz say of a zone that Meridian serves: `make audit`. A root, a parent and the zone stand in a
# network of their own, each on two Meridian servers, and nothing leaves it. Any warning, error or critical finding
# of zonemaster and any warning or error of dnsviz fails.
#
# Not asked are zonemaster's tests of the addresses themselves (address01 to 03) and of the autonomous systems that
# they are in (connectivity03), nor counts what dnsviz says of private ones: the addresses are documentation's and
# private ones, and nobody announces them.
set -euo pipefail

if [ "${1:-}" != inside ]; then
    exec unshare --map-root-user --net --mount --pid --fork --kill-child bash "$0" inside "$@"
fi
shift
meridian=$(realpath "${1:-target/debug/meridian}")
here=$(dirname "$(realpath "$0")")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mount -t proc proc /proc

ip link set lo up
for number in 1 2 3 4 5 6; do
    ip address add "198.51.100.$number/32" dev lo
    ip address add "fd00::$number/128" dev lo nodad
done
# No question leaves for a resolver outside: there is none.
printf 'nameserver 127.0.0.2\noptions timeout:1 attempts:1\n' >"$place/resolv.conf"
mount --bind "$place/resolv.conf" "$(realpath /etc/resolv.conf)"

# A server at an address pair for one zone.
serve() {
    local number=$1 zone=$2 file=$3 directory
    directory=$(mktemp -d "$place/XXXXXX")
    cp "$here/$file" "$directory/zone"
    cat >"$directory/meridian.toml" <<EOF
[server]
listen = ["198.51.100.$number:53", "[fd00::$number]:53"]
state = "state"
[api]
listen = "127.0.0.1:$((8060 + number))"
[zones."$zone"]
file = "zone"
EOF
    (cd "$directory" && exec "$meridian" serve >log 2>&1) &
}
serve 1 . root.zone
serve 2 . root.zone
serve 3 example. example.zone
serve 4 example. example.zone
serve 5 audit.example. audit.example.zone
serve 6 audit.example. audit.example.zone
for number in 1 2 3 4 5 6; do
    for _ in $(seq 100); do
        curl -fs "http://127.0.0.1:$((8060 + number))/readyz" >/dev/null && continue 2
        sleep 0.1
    done
    echo "server $number does not get ready" >&2
    cat "$place"/*/log >&2
    exit 1
done

failed=0
zonemaster-cli --dump-profile | python3 -c '
import json, sys
profile = json.load(sys.stdin)
left_out = {"address01", "address02", "address03", "connectivity03"}
profile["test_cases"] = [case for case in profile["test_cases"] if case not in left_out]
json.dump(profile, sys.stdout)' >"$place/profile.json"
echo "== zonemaster"
zonemaster-cli --profile "$place/profile.json" --hints "$here/hints" --level INFO --no-progress --raw audit.example \
    >"$place/zonemaster" 2>&1 || true
echo "findings below a warning: $(grep -cE ' (INFO|NOTICE) ' "$place/zonemaster")"
# A run that ends at once finds nothing, either.
grep -q 'EDNS0_SUPPORT' "$place/zonemaster" || { cat "$place/zonemaster"; failed=1; }
if grep -E ' (WARNING|ERROR|CRITICAL) ' "$place/zonemaster"; then failed=1; fi

echo "== dnsviz"
dnsviz probe -A -a . -t 1 \
    -x .:a.root.=198.51.100.1,a.root.=[fd00::1],b.root.=198.51.100.2,b.root.=[fd00::2] \
    audit.example www.audit.example x.wild.audit.example nothing.audit.example deep.name.audit.example \
    >"$place/probe.json" 2>"$place/dnsviz.log" || { cat "$place/dnsviz.log"; failed=1; }
dnsviz grok <"$place/probe.json" >"$place/grok.json" || failed=1
python3 - "$place/grok.json" <<'EOF' || failed=1
import json, sys
text = open(sys.argv[1]).read().strip()
found = json.loads(text) if text else {}
def walk(where, what):
    if isinstance(what, dict):
        for level in ("errors", "warnings"):
            for entry in what.get(level, []):
                yield level, where, entry
        for key, value in what.items():
            if key not in ("errors", "warnings"):
                yield from walk(where + [key], value)
    elif isinstance(what, list):
        for number, value in enumerate(what):
            yield from walk(where + [str(number)], value)
# The addresses are private ones, on purpose.
bad = [finding for finding in walk([], found) if not finding[2].get("code", "").endswith("_PRIVATE_IP")]
asked = [name for name, seen in found.items() if seen.get("status") == "NOERROR" and seen.get("queries")]
print("names with answers:", " ".join(asked))
if len(asked) < 6:
    bad.append(("errors", ["too few names were asked"], {}))
for level, where, entry in bad:
    print(level, "/".join(where), entry.get("code", ""), entry.get("description", entry))
sys.exit(bool(bad))
EOF
[ "$failed" = 0 ] && echo "nothing wrong"
exit "$failed"
