# Needs git, make and bash. Each target installs the Debian packages it misses (apt-get as root or
# through sudo), builds what it needs, and does its job. The work is in tools/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo build test test-long simulate bench lint format coverage fuzz clean

install := @tools/install_packages.sh
to_build := compiler build libraries page

help:  ## this list
	@sed -nE 's/^([a-z-]+):  ## (.*)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
	  printf '  make %-10s %s\n' "$$target" "$$text"; done

demo:  ## the whole system on the embedded paper exchange; no key, no network
	$(install) $(to_build)
	@tools/build_program.sh
	@build/bubble-buster demo

build:  ## the program, as build/bubble-buster
	$(install) $(to_build)
	@tools/build_program.sh

test:  ## what CI runs: format, tidy, all tests under sanitizers, end-to-end tests, real clients
	$(install) $(to_build) sanitizers tests clients browser runners lint
	@tools/test.sh

test-long:  ## the long tests, lint of the whole tree, planted faults
	$(install) $(to_build) sanitizers tests lint
	@tools/test_long.sh

simulate:  ## the whole program in a simulated world of bad days; SEEDS=100
	$(install) $(to_build) tests
	@tools/simulate.sh '$(SEEDS)'

bench:  ## benchmarks as JSON lines; NAME=.. runs those whose name contains it
	$(install) $(to_build) tests
	@tools/bench.sh '$(NAME)'

lint:  ## clang-tidy over the whole tree
	$(install) $(to_build) sanitizers tests lint
	@tools/lint.sh

format:  ## formats the tracked C++ files
	$(install) lint
	@tools/format.sh

coverage:  ## what the tests execute, as a table and a page
	$(install) $(to_build) sanitizers tests
	@tools/coverage.sh

fuzz:  ## each fuzz target for TIME=60 seconds
	$(install) $(to_build) sanitizers tests
	@tools/fuzz.sh '$(TIME)'

clean:  ## removes build/
	@rm -rf build
