# Meridian on a fresh Debian machine: a Rust toolchain, make and a C compiler are all that it takes.
# `make` alone lists what can be made. What a target misses is installed by apt where that is permitted; where it
# is not, the target says what to install and stops before it builds anything.

SHELL := /bin/sh
.DEFAULT_GOAL := help
# Where rustup puts cargo, for shells that have not read its profile yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# The development profile serves the demo as well: it is built sooner than the release, which optimises across
# crates, and it is what `make test` builds, too.
.PHONY: demo
demo: toolchain  ## run the main job on this machine: four regions, real geography, health, your word
	@sh tests/install.sh dig curl
	cargo run --locked -- demo

.PHONY: test
test: toolchain  ## run every test; installs dig, kdig, curl, ip, nsd, knotd, prometheus, haproxy, nginx and its exporter where they are missing
	@sh tests/install.sh dig kdig curl ip unshare nsd knotd prometheus promtool haproxy nginx prometheus-nginx-exporter
	cargo test --locked --manifest-path benches/peers/Cargo.toml --target-dir target
	cargo test --locked --manifest-path tests/differential/Cargo.toml --target-dir target
	cargo test --locked
	cargo build --locked
	$(DIFFERENTIAL) --seed 1 --questions 5000

DIFFERENTIAL = cargo run --locked --quiet --manifest-path tests/differential/Cargo.toml --target-dir target --

.PHONY: diff
diff: toolchain  ## ask Meridian, NSD and Knot the same 100,000 questions, and explain every difference
	@sh tests/install.sh nsd knotd
	cargo build --locked
	$(DIFFERENTIAL)

.PHONY: audit
audit: toolchain  ## let zonemaster and dnsviz look at a zone, below a root and a parent in a network of their own
	@sh tests/install.sh curl ip unshare python3 zonemaster-cli dnsviz
	cargo build --locked
	tests/audit/run.sh target/debug/meridian

.PHONY: check
check: toolchain  ## format, lints and documentation, all warnings denied
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || \
		{ echo "make check needs rustfmt and clippy: rustup component add rustfmt clippy" >&2; exit 1; }
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cargo fmt --manifest-path benches/peers/Cargo.toml --check
	cargo clippy --locked --manifest-path benches/peers/Cargo.toml --target-dir target --all-targets -- -D warnings
	cargo fmt --manifest-path tests/differential/Cargo.toml --check
	cargo clippy --locked --manifest-path tests/differential/Cargo.toml --target-dir target --all-targets -- -D warnings
	@cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null || { echo "fuzz/Cargo.lock is stale: cargo metadata --manifest-path fuzz/Cargo.toml" >&2; exit 1; }

.PHONY: bench
bench: toolchain  ## run the benches, then whole servers side by side (30 minutes), and write docs/performance.md
	@sh tests/install.sh gdnsd knotd pdns_server nsd named dnsperf || echo "comparing without those that are missing"
	cargo bench --locked
	cargo build --release --locked
	cargo run --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target

.PHONY: pictures
pictures: toolchain  ## simulate two hours of clients and the loss of a region, and draw what docs/steering.md shows
	MERIDIAN_PICTURES=docs/pictures cargo test --locked --test closed_loop --test pictures -- --nocapture

# Seconds for each target, and what cargo-fuzz would tell the compiler: all of it is stable, so neither cargo-fuzz nor
# a nightly compiler has to be there.
SECONDS_EACH = 60
FUZZED = query ecs cookie zone_text config latency mmdb signals
FUZZING = --cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-sanitizer-coverage-stack-depth \
	-Cllvm-args=-simplifycfg-branch-fold-threshold=0

.PHONY: fuzz
fuzz: toolchain  ## give every parser of strangers' bytes a minute of fuzzing (SECONDS_EACH=10: less)
	@sh tests/install.sh c++
	RUSTFLAGS="$(FUZZING)" cargo build --locked --manifest-path fuzz/Cargo.toml --target $(TRIPLE) --bins
	@for target in $(FUZZED); do \
		case $$target in zone_text) seeds=zones ;; config) seeds=tests/config ;; mmdb) seeds= ;; \
			*) seeds=fuzz/seeds/$$target ;; esac; \
		mkdir -p fuzz/corpus/$$target fuzz/artifacts/$$target; \
		echo "== $$target"; \
		fuzz/target/$(TRIPLE)/debug/$$target -max_total_time=$(SECONDS_EACH) -timeout=10 -rss_limit_mb=2048 \
			-print_final_stats=1 -artifact_prefix=fuzz/artifacts/$$target/ fuzz/corpus/$$target $$seeds \
			>fuzz/artifacts/$$target.log 2>&1 || { tail -n 40 fuzz/artifacts/$$target.log; exit 1; }; \
		grep -h '^stat::number_of_executed_units' fuzz/artifacts/$$target.log; \
	done

.PHONY: release
release: toolchain  ## build the static binary that the image holds
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --release --target $(TRIPLE)
	@echo "target/$(TRIPLE)/release/meridian"

TRIPLE = $(shell uname -m)-unknown-linux-gnu

.PHONY: image
image:  ## build the container image
	docker build --tag meridian .

.PHONY: help
help:  ## list what can be made
	@sed -n 's/^\([a-z]*\):[^#]*## /\1	/p' Makefile | awk -F '\t' '{ printf "make %-8s %s\n", $$1, $$2 }'

.PHONY: toolchain
toolchain:
	@sh tests/install.sh cargo cc
