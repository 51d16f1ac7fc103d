#!/bin/sh
# Runs every fuzz target of the module for the time given, one after the other.
set -eu
cd "$(dirname "$0")/../.."
GO=${GO:-go}
grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=exam . | xargs -n1 dirname | sort -u | while read -r folder; do
	for target in $("$GO" test -list '^Fuzz' "$folder" | grep '^Fuzz'); do
		echo "== $folder $target"
		"$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$folder"
	done
done
