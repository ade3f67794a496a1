#!/bin/sh
# Makes sure that commands are there: `sh tests/install.sh dig kdig curl`.
#
# Debian's packages are installed where this user may (root, or sudo that asks no questions); where not, or where
# no package can help, one line says what to do, and the exit code is 1. Nothing is done twice. Daemons are neither
# started nor left to start by themselves.
set -eu

# The package that brings a command, or nothing.
package_of() {
    case "$1" in
        dig) echo bind9-dnsutils ;;
        kdig) echo knot-dnsutils ;;
        curl) echo curl ;;
        ip) echo iproute2 ;;
        unshare) echo util-linux ;;
        cc | c++) echo build-essential ;;
        gdnsd) echo gdnsd ;;
        knotd) echo knot knot-module-geoip ;;
        pdns_server) echo pdns-server pdns-backend-geoip ;;
        nsd) echo nsd ;;
        named) echo bind9 ;;
        dnsperf) echo dnsperf ;;
        dnsviz) echo dnsviz ;;
        haproxy) echo haproxy ;;
        nginx) echo nginx ;;
        prometheus-nginx-exporter) echo prometheus-nginx-exporter ;;
        zonemaster-cli) echo zonemaster-cli ;;
        python3) echo python3 ;;
        prometheus | promtool) echo prometheus ;;
    esac
}

# The services that come with a daemon's package. Nobody wants one running because it was compared.
services_of() {
    case "$1" in
        gdnsd | nsd | named | haproxy | nginx | prometheus-nginx-exporter) echo "$1" ;;
        knotd) echo knot ;;
        pdns_server) echo pdns ;;
        prometheus | promtool) echo prometheus ;;
    esac
}

# Whether a command works; rustup's cargo is there before any toolchain is, and two daemons before their plugins.
works() {
    case "$1" in
        cargo) cargo --version >/dev/null 2>&1 ;;
        knotd) found knotd && ls /usr/lib/*/knot/modules*/geoip.so >/dev/null 2>&1 ;;
        pdns_server) found pdns_server && ls /usr/lib/*/pdns/libgeoipbackend.so >/dev/null 2>&1 ;;
        *) found "$1" ;;
    esac
}

# Daemons stand where a user's path may not lead.
found() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}

missing=
packages=
services=
for command in "$@"; do
    if works "$command"; then
        continue
    fi
    if [ "$command" = cargo ]; then
        if command -v rustup >/dev/null 2>&1; then
            echo "cargo has no toolchain yet: rustup default stable" >&2
        else
            echo "cargo is missing: install Rust as https://rustup.rs says, then open a new shell" >&2
        fi
        exit 1
    fi
    missing="$missing $command"
    packages="$packages $(package_of "$command")"
    services="$services $(services_of "$command")"
done
[ -n "$missing" ] || exit 0

by_hand() {
    echo "missing:$missing; install with: apt-get install$packages" >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || by_hand
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    by_hand
fi

echo "installing$packages (for$missing)"
# Debian starts services when it installs them, unless this says no (invoke-rc.d(8)).
guard=/usr/sbin/policy-rc.d
if [ -n "${services# }" ] && [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$guard" >/dev/null
    $as_root chmod 755 "$guard"
    trap '$as_root rm -f "$guard"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
# Lists may be old or absent: a failure to renew them only matters if the installation fails, too.
$as_root apt-get -qq update || true
# shellcheck disable=SC2086 # both are lists of words
$as_root apt-get -qq install -y --no-install-recommends $packages >/dev/null </dev/null || by_hand
# Nor shall they come up with the machine.
if [ -d /run/systemd/system ]; then
    for service in $services; do
        $as_root systemctl --quiet disable "$service" || true
    done
fi
for command in $missing; do
    works "$command" || by_hand
done
