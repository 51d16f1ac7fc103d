#!/bin/sh
# Runs govulncheck; where its database cannot be reached, says so and goes on.
set -u
out=$(go run "$1" ./... 2>&1)
status=$?
case "$out" in
*"fetching vulnerabilities"* | *"no such host"* | *"dial tcp"* | *"connection refused"* | *Forbidden*)
	echo "govulncheck: not run: its database cannot be reached from here" ;;
*)
	echo "$out"
	exit $status ;;
esac
