GO ?= go

# urfave/cli's generator of manuals brings Markdown parsers that set themselves up at every start; clanctl writes its own.
TAGS = -tags=urfave_cli_no_docs

# The race detector needs a C compiler.
RACE = $(if $(shell command -v cc || command -v gcc),-race,$(warning no C compiler: testing without the race detector))

# The tests in a browser are a module of their own, which ./... leaves out.
BROWSERTEST = internal/report/browsertest

.PHONY: build demo quick test test-all lint fuzz reliability cover vuln bench generate pictures release clean

build:
	CGO_ENABLED=0 $(GO) build $(TAGS) -o bin/clanctl ./cmd/clanctl

demo: build
	@scripts/ensure-nix
	@scripts/demo

# For an edit loop: what needs no Nix.
quick:
	$(GO) vet ./...
	$(GO) test -short ./...

# Nix is not known to Go's test cache, so every test runs. Those in a browser run beside the others, and print last.
test: lint
	scripts/ensure-nix
	@echo 'testing all packages against real Nix; each says ok when it is done, the longest after some minutes'
	@browser=$$(mktemp); $(GO) test -C $(BROWSERTEST) -count=1 ./... >$$browser 2>&1 & pid=$$!; \
	$(GO) test -count=1 -timeout 30m ./...; status=$$?; \
	wait $$pid || status=$$?; cat $$browser; rm -f $$browser; exit $$status
	@test -n "$$CLANCTL_CLAN_CORE" || echo 'SKIP: the conformance suite was not run: CLANCTL_CLAN_CORE names no clan-core (docs/conformance.md)'

# And what is slow and rarely finds anything: the race detector, every fault, changes under stress, releases built twice, fuzzing.
test-all: test
	CLANCTL_TEST_SLOW=1 $(GO) test $(RACE) -count=1 -timeout 40m ./...
	CLANCTL_TEST_SLOW=1 $(GO) test -C $(BROWSERTEST) $(RACE) -count=1 ./...
	@$(MAKE) fuzz vuln

lint:
	@files=$$(gofmt -l .); test -z "$$files" || { echo "gofmt would change:" $$files; exit 1; }
	$(GO) vet ./...
	$(GO) vet -C $(BROWSERTEST) ./...
	$(GO) tool -modfile=tools.mod staticcheck ./...
	cd $(BROWSERTEST) && "$$($(GO) tool -C $(CURDIR) -modfile=tools.mod -n staticcheck)" ./...

# Every fuzz target for a few seconds; FUZZTIME=10m for longer.
fuzz:
	@scripts/fuzz $(FUZZTIME)

# Tries each fault several times and writes the table of docs/reliability.md.
reliability:
	@scripts/ensure-nix
	$(GO) test ./reliability -count=1 -timeout 60m -run TestFaults -rounds $(or $(ROUNDS),10) -table ../docs/reliability.md

# Coverage of each package by all tests together.
cover:
	@scripts/ensure-nix
	@scripts/cover

# Known vulnerabilities; needs the network, and says so where there is none.
vuln:
	@scripts/vuln

# Side by side with bare Nix; see docs/performance.md.
bench: build
	@scripts/ensure-nix
	@$(GO) run ./internal/bench -bounds internal/bench/bounds.json -page docs/performance.md $(BENCHFLAGS)
	$(GO) test -run '^$$' -bench . ./pkg/...

# What is written from other files of the project: after a change of go.mod, of a command or flag, of the codes of
# findings, or of what pkg/ exports.
generate:
	@scripts/ensure-nix
	UPDATE=1 $(GO) test -count=1 -run '^(TestReference|TestTableOfCodes|TestGomod2nix|TestAPI)$$' ./internal/api ./internal/cli \
		./internal/packaging

# The pictures of the README, from what the program prints. Needs a Chromium.
pictures: build
	@scripts/ensure-nix
	$(GO) run ./scripts/pictures

# See RELEASING.md.
release:
	$(GO) run ./internal/release $(RELEASEFLAGS)

clean:
	rm -rf bin dist
