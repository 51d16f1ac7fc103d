#!/bin/sh
# Installs the system packages that the full test run uses and this machine lacks.
# Lists them first and asks, unless YES=1. Only Debian is installed to; elsewhere
# the list is printed.
set -eu

# command:package, one per line
wanted='gcc:gcc
git:git
python3:python3-venv'

missing=
for pair in $wanted; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
if [ -z "$missing" ]; then
	echo "deps: nothing to install"
	exit 0
fi
echo "deps: to install:$missing"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "deps: this is not Debian; install these with your package manager"
	exit 0
fi
if [ "${YES:-}" != 1 ]; then
	printf 'go on? [y/N] '
	read -r answer
	[ "$answer" = y ] || exit 1
fi
apt-get update -q
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
