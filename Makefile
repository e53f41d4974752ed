GO ?= go

# The race detector needs a C compiler.
RACE = $(if $(shell command -v cc || command -v gcc),-race,$(warning no C compiler: testing without the race detector))

.PHONY: build demo test lint bench gomod2nix release clean

build:
	$(GO) build -o bin/clanctl ./cmd/clanctl

demo: build
	@scripts/ensure-nix
	@scripts/demo

# Nix is not known to Go's test cache, so every test runs.
test: lint
	scripts/ensure-nix
	$(GO) test $(RACE) -count=1 ./...
	@test -n "$$CLANCTL_CLAN_CORE" || echo 'SKIP: the conformance suite was not run: CLANCTL_CLAN_CORE names no clan-core (docs/conformance.md)'

lint:
	@files=$$(gofmt -l .); test -z "$$files" || { echo "gofmt would change:" $$files; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# Side by side with bare Nix; see docs/performance.md.
bench: build
	@scripts/ensure-nix
	@$(GO) run ./internal/bench $(BENCHFLAGS)
	$(GO) test -run '^$$' -bench . ./pkg/...

# After every change of go.mod: the hashes that the flake fetches modules by.
gomod2nix:
	@scripts/ensure-nix
	UPDATE=1 $(GO) test -count=1 -run TestGomod2nix ./internal/packaging

# See RELEASING.md.
release:
	$(GO) run ./internal/release $(RELEASEFLAGS)

clean:
	rm -rf bin dist
