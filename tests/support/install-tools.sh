#!/bin/sh
# Installs the Debian packages with the servers and clients that the end-to-end tests run.
#
# Needs root, or sudo that asks for no password; without either it says what is missing and ends
# well, because tests skip what they do not find. It starts no service.
set -eu

PACKAGES="
    curl openssl gnutls-bin sslscan swaks isync
    libnet-ssleay-perl libio-socket-ssl-perl libnet-dns-perl libauthen-sasl-perl
    haproxy nginx-light postfix
    dovecot-imapd dovecot-pop3d dovecot-managesieved dovecot-submissiond
    pebble knot
"

is_installed() {
    dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

if ! command -v apt-get >/dev/null; then
    echo "This is not Debian; the end-to-end tests want these programs:" $PACKAGES
    exit 0
fi

missing=""
for package in $PACKAGES; do
    is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
    exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root="env"
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Some end-to-end tests will be skipped. To run them: apt-get install$missing"
    exit 0
fi

# Packages start their services through invoke-rc.d, which asks this file first; 101 says no.
policy=/usr/sbin/policy-rc.d
ours=""
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    ours="yes"
fi
remove_policy() {
    if [ -n "$ours" ]; then
        $as_root rm -f "$policy"
    fi
}
trap remove_policy EXIT

# Postfix asks questions otherwise.
# shellcheck disable=SC2086 # the lists are to be split
if ! { $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq --yes --no-install-recommends $missing; }; then
    echo "Could not install:$missing. The tests that need them will be skipped."
fi
