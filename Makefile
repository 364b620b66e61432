# Everything a fresh Debian or Ubuntu machine with Swift needs is done by these targets.
#
#   make demo    build, install the model, import the sample, ask it questions over MCP
#   make test    build and run the tests
#   make setup   what both need: system packages, the binary, the model
#   make kill    the long kill test: 1,000 rounds of four servers, and eight processes that checkpoint
#   make wall    the long test of scopes: 100,000 calls, and 40,000 over MCP
#   make fuzz    a million broken messages, heads and streams of bytes
#   make idle    ten minutes of clients that ask nothing; DURATION=SECONDS
#   make load    what the server bears over HTTP, beside FastMCP; on a quiet machine
#   make test-oauth  the tests of tokens, in a build with the trait OAuth
#   make exact   the long test of exactness: a million searches on each instruction set
#   make kernels the kernels of every instruction set of this machine against their oracle
#   make neon    the same for ARM, in an emulator
#   make avx512  the same for AVX-512, in an emulator
#   make bench-scoped  search in a user's scope, beside FAISS
#   make bench-words  search by word, and the first search of a process
#   make bench-peers  the engine beside its peers; bench-peers-quick for a look
#   make bench-ten-million  an index of ten million rows beside one of a million; 40 GB of disk
#   make bench-durable  durable writes and bulk imports beside bare SQLite
#   make bench-search  a search in process, a user of 1,000 memories among a million; 4 GB of disk
#   make limits  what this machine can do at most
#   make embeddings  the real embeddings that benchmarks search
#   make format  format the sources

SWIFT ?= swift
BIN := .build/release/recollect
PACKAGES := libopenblas-dev libsqlite3-dev libstemmer-dev python3 python3-pip python3-venv strace
SHARED := $(abspath ../shared)
PROBE_HOME := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/recollect/probe
BENCH_HOME := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/recollect/bench
# All test targets and what they run, and of other packages only what these need: building everything
# would compile their programs and parts that nobody here uses.
TESTS := recollectPackageTests
LOAD_HOME := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/recollect/load
SEARCHES ?= 1000000
MESSAGES ?= 1000000
SEED ?= 1
ROUNDS ?= 1000
DURATION ?= 600
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: setup packages build model probe demo test kill wall exact fuzz idle load test-oauth format \
	bench-scoped bench-durable bench-search bench-peers bench-peers-quick bench-ten-million bench-words peers limits embeddings

setup: packages build model

define install
	@missing=""; for p in $(1); do \
	  dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing$$missing"; \
	  $(SUDO) apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $$missing; \
	fi
endef

packages:
	$(call install,$(PACKAGES))

build: packages
	$(SWIFT) build -c release --product recollect

model: build
	@$(BIN) model list >/dev/null || $(BIN) model install

demo: setup
	$(BIN) demo --sample data/sample

# The official MCP clients, as a test of the server: only where the probe stands beside the checkout.
probe: packages
	@if [ -f $(SHARED)/tools/mcp_probe.py ] && ! $(PROBE_HOME)/bin/python -c 'import mcp, fastmcp, jsonschema' 2>/dev/null; then \
	  python3 -m venv $(PROBE_HOME) && $(PROBE_HOME)/bin/python -m pip install -q mcp fastmcp jsonschema; \
	fi

test: setup probe
	$(SWIFT) build -c release --product $(TESTS)
	$(SWIFT) test -c release --skip-build --disable-xctest --no-parallel

kill: setup
	$(SWIFT) build -c release --product $(TESTS)
	RECOLLECT_TEST_KILL_ROUNDS=$(ROUNDS) RECOLLECT_TEST_STRESS_WRITES=400 $(SWIFT) test -c release \
	  --skip-build --disable-xctest --no-parallel --filter 'KillTests|CheckpointStressTests'

wall: setup
	$(SWIFT) build -c release --product $(TESTS)
	RECOLLECT_TEST_WALL_CALLS=100000 $(SWIFT) test -c release --skip-build --disable-xctest --filter 'WallUnderFireTests|WallOverMCPTests'

fuzz: setup
	$(SWIFT) build -c release --product $(TESTS)
	RECOLLECT_TEST_FUZZ_MESSAGES=$(MESSAGES) $(SWIFT) test -c release --skip-build --disable-xctest --filter 'FuzzTests'

idle: setup
	$(SWIFT) build -c release --product $(TESTS)
	RECOLLECT_TEST_IDLE_SECONDS=$(DURATION) $(SWIFT) test -c release --skip-build --disable-xctest --filter 'IdleTests'

# Rates and latencies with wrk; memory with idle clients and subscriptions. FastMCP stands beside it.
load: setup
	$(call install,wrk)
	@$(LOAD_HOME)/bin/python -c 'import fastmcp' 2>/dev/null || { \
	  python3 -m venv $(LOAD_HOME) && $(LOAD_HOME)/bin/python -m pip install -q fastmcp; }
	$(LOAD_HOME)/bin/python Benchmarks/load $(ARGS)

test-oauth: setup
	$(SWIFT) build -c release --product $(TESTS) --traits Server,OAuth --scratch-path .build-oauth
	$(SWIFT) test -c release --skip-build --disable-xctest --traits Server,OAuth --scratch-path .build-oauth \
	  --no-parallel --filter 'TokenTests|KeySetTests|TokenServerTests'

exact: setup .build/kernels/native
	$(SWIFT) build -c release --product $(TESTS)
	for set in scalar avx2 avx512 avx512_vnni neon neon_dotprod; do \
	  .build/kernels/native $$set > /dev/null || { [ $$? = 2 ] && continue || exit 1; }; \
	  RECOLLECT_INSTRUCTION_SET=$$set RECOLLECT_TEST_EXACT_SEARCHES=$(SEARCHES) RECOLLECT_TEST_EXACT_SEED=$(SEED) \
	  $(SWIFT) test -c release --skip-build --disable-xctest --filter CertifiedSearchTests || exit 1; \
	done

# The engine beside FAISS, on a quiet machine; FAISS comes from pip into an environment of its own.
bench-scoped: packages
	@$(BENCH_HOME)/bin/python -c 'import faiss, numpy' 2>/dev/null || { \
	  python3 -m venv $(BENCH_HOME) && $(BENCH_HOME)/bin/python -m pip install -q 'faiss-cpu==1.15.1' 'numpy>=2'; }
	$(SWIFT) build -c release --package-path Benchmarks --product ScopedSearch
	$(BENCH_HOME)/bin/python Benchmarks/scoped_search.py

# The engine beside its peers; hours on a quiet machine, and about 10 GB of memory. A run that was
# stopped goes on with the next case. ARGS='--case scope/*' measures some cases, ARGS=--again once more.
REPORT ?= $(BENCH_HOME)/report
bench-peers: peers
	$(BENCH_HOME)/peers/bin/python Benchmarks/peers --report $(REPORT) $(ARGS)

bench-peers-quick: peers
	$(BENCH_HOME)/peers/bin/python Benchmarks/peers --quick --report $(REPORT)-quick $(ARGS)

# A peer that cannot be installed is missing in the report, which says so.
peers: packages
	@test -x $(BENCH_HOME)/peers/bin/python || python3 -m venv $(BENCH_HOME)/peers
	@while read peer; do $(BENCH_HOME)/peers/bin/python -m pip install -q $$peer || \
	  echo "$$peer cannot be installed"; done < Benchmarks/peers/requirements.txt
	$(SWIFT) build -c release --package-path Benchmarks --product PeerSearch
	$(SWIFT) build -c release --package-path Benchmarks --product PeerTimer

# A million rows, then ten million, each built, opened in a process of its own and taken away again.
# SIZES='100000:1000' for a look: rows and users.
SIZES ?= 1000000:10000 10000000:100000
LARGE_INDEX := $(BENCH_HOME)/large
bench-ten-million: packages
	@mkdir -p $(BENCH_HOME)
	$(SWIFT) build -c release --package-path Benchmarks --product LargeIndex
	@for size in $(SIZES); do \
	  rm -rf $(LARGE_INDEX); \
	  for step in build measure remove merge; do \
	    Benchmarks/.build/release/LargeIndex $$step $(LARGE_INDEX) $$(echo $$size | tr : ' ') || \
	      { rm -rf $(LARGE_INDEX); exit 1; }; \
	  done; \
	done; rm -rf $(LARGE_INDEX)

# What durability costs, on a quiet machine; FOLDER names the disk.
bench-durable: packages
	$(SWIFT) build -c release --product DurableBench
	.build/release/DurableBench 5 20000 $(FOLDER)

# Search by word among a million memories; on a quiet machine.
bench-words: packages
	$(SWIFT) build -c release --product WordBench
	.build/release/WordBench search
	@mkdir -p $(BENCH_HOME) && rm -rf $(BENCH_HOME)/words
	.build/release/WordBench fill $(BENCH_HOME)/words
	.build/release/WordBench first $(BENCH_HOME)/words; status=$$?; rm -rf $(BENCH_HOME)/words; exit $$status

# A search without the embedding of its query; the million is made once, in some minutes.
# SEARCH='50 1000 6000' for a look: users, memories of each, searches.
SEARCH ?= 1000 1000 20000
bench-search: packages
	@mkdir -p $(BENCH_HOME)
	$(SWIFT) build -c release --product SearchBench
	.build/release/SearchBench measure $(BENCH_HOME) $(SEARCH)

# What this machine can do at most, for the benchmarks to report shares of; on a quiet machine.
limits: packages
	@mkdir -p $(BENCH_HOME)
	$(SWIFT) build -c release --package-path Benchmarks --product MachineLimits
	Benchmarks/.build/release/MachineLimits $(BENCH_HOME)/limits.json

# Some twenty minutes, once; a run that was stopped goes on where it was.
embeddings: setup
	@$(BENCH_HOME)/embed/bin/python -c 'import onnx, onnxruntime, safetensors, tokenizers' 2>/dev/null || { \
	  python3 -m venv $(BENCH_HOME)/embed && $(BENCH_HOME)/embed/bin/python -m pip install -q \
	    'numpy>=2' onnx onnxruntime safetensors tokenizers; }
	nice -n 19 $(BENCH_HOME)/embed/bin/python Benchmarks/real_embeddings.py --check $(BIN)

format:
	$(SWIFT) format -i -r Sources Tests Benchmarks Package.swift

include Tests/CrossKernels/kernels.mk
