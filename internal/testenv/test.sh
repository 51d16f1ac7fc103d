#!/bin/sh
# Runs every test that this machine can run. A missing part is one line at the end
# that says what it is for and how to get it, or, with STRICT=1, a failure.
set -eu
cd "$(dirname "$0")/../.."
GO=${GO:-go}
missing=

step() {
	echo "== $*"
	"$@"
}

# lacks NAME WHY HOW notes a missing part.
lacks() {
	missing="$missing
not run: $1 is missing: $2. To have it: $3"
}

step "$GO" test ./...
step "$GO" test -tags purego ./scanner/... # without assembly, as on other machines
for module in internal/exam/*/go.mod internal/exam/*/*/go.mod; do
	folder=$(dirname "$module")
	echo "== tests of $folder"
	(cd "$folder" && "$GO" vet ./... && "$GO" test -tags gore2regex -timeout 20m ./...)
done
if command -v gcc >/dev/null 2>&1; then
	CGO_ENABLED=1 step "$GO" test -race -short -tags purego ./internal/cli ./scanner/source ./scanner/report ./proxy \
		./policies ./policies/source ./policies/decisionlog ./policies/api ./policies/bundle \
		./proxy/message ./proxy/ingress ./proxy/ingress/client ./proxy/ingress/listen
	# Of the filter's tests those of what runs beside it: the others take minutes so.
	CGO_ENABLED=1 step "$GO" test -race -short -tags purego \
		-run 'Idle|Progress|Alone|Error|NobodyReads|Cancel|Fails|Shadow' ./proxy/logs
else
	lacks gcc "the race detector needs it" "make deps, or CC= for another compiler"
fi

[ -z "$missing" ] || echo "$missing"
[ -z "$missing" ] || [ "${STRICT:-}" != 1 ] || exit 1
