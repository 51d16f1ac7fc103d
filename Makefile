# Every target has one line of help behind ##; `make help` prints them.
GO          ?= go
STATICCHECK  = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK  = golang.org/x/vuln/cmd/govulncheck@v1.9.0
export CGO_ENABLED ?= 0

.PHONY: help build run test exam bench fuzz lint deps plan modules

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the static binary ./stanch
	$(GO) build -trimpath -o stanch .

run: build ## show stanch at work, on embedded defaults
	@./stanch demo

test: ## run every test this machine can run
	@GO="$(GO)" sh internal/testenv/test.sh

exam: build ## run the long examinations: leaks, parity on gigabytes, clean text, a minute of each fuzz target
	$(GO) run ./internal/exam/leak -- ./stanch filter --quiet --known {known}
	STANCH_EXAM=full $(GO) test -count 1 ./proxy/ingress/exam
	$(GO) run ./internal/exam/labelled
	cd internal/exam/gitleaks && $(GO) run -tags gore2regex . -corpus all && $(GO) run . -corpus not-utf8
	@GO="$(GO)" sh internal/testenv/fuzz.sh 1m

bench: ## compare speed with gitleaks and Kingfisher, and with copying
	$(GO) test -run '^$$' -bench . -benchmem ./scanner/... ./proxy/... ./policies/...
	cd internal/exam/bench && $(GO) run .
	$(GO) run ./internal/exam/ingress

fuzz: ## run each fuzz target for ten seconds
	@GO="$(GO)" sh internal/testenv/fuzz.sh 10s

lint: ## gofmt, go vet, staticcheck, govulncheck
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt: run 'gofmt -w' on:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@sh internal/testenv/govulncheck.sh $(GOVULNCHECK)

deps: ## install the system packages the full test run uses (Debian; asks unless YES=1)
	@sh internal/testenv/deps.sh

plan: ## rebuild the embedded plan of the default rules and the text model
	@text=$$(mktemp -d) && trap 'rm -rf "$$text"' EXIT && \
	for kind in logs json minified nonenglish; do $(GO) run ./internal/exam/corpus/write $$kind 11 8000000 > $$text/$$kind; done && \
	src=$$($(GO) env GOROOT)/src && $(GO) run ./scanner/internal/plan/gen $$text/logs $$text/logs $$text/logs $$src/net $$src/cmd/compile \
		$$src/cmd/go $$src/crypto $$src/runtime $$text/json $$text/minified $$text/nonenglish

modules: ## rewrite the list of modules that reach the binary
	$(GO) list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' . | sort -u > internal/archtest/modules.txt
