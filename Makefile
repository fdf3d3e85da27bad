# SPDX-License-Identifier: Apache-2.0
#
# A thin wrapper around the CMake presets. `make help` lists the targets.

JOBS ?= $(shell nproc)
# The preset that `make test` tests. CI uses `check`: the same with warnings as errors.
TEST_PRESET ?= dev

# What cmake says of a preset is of no use to whoever builds; errors and warnings are on stderr.
build_preset = cmake --preset $(1) --log-level=WARNING >/dev/null && cmake --build --preset $(1) -j $(JOBS)
# A test that computes takes two jobs, one that waits takes one (ms_tests_wait()). And one test more than
# processors: those that compute also wait for a disk, or for each other.
run_tests = tools/run-tests $(2) build/$(1) -j $$(( 2 * $(JOBS) + 2 ))

ORDINARY_USER = 65534
SAME_FOR_ALL = _v4[02]|admin_metrics|allocation|callback_counters|courtesy|data_model|delegation_(conflicts|load|revoked)|exactly_once|fairness|frozen$$|memory|minor_range|mixed|power|pressure|reclaim|silence|sessions|slots|stall|status|storm|timeouts

.PHONY: help run build trained deb dist sbom test test-user test-tsan check check-full stats format clean

help:
	@echo 'make run         install what is missing, build, serve ./export-demo'
	@echo 'make trained     the programs, built for what they do most, in build/trained/ (docs/performance.md)'
	@echo 'make deb         Debian packages, in build/deb'
	@echo 'make dist        the sources of the commit, packed into build/dist'
	@echo 'make sbom        build, and list what the programs are linked with: build/mainstay.spdx.json'
	@echo 'make test        the same set-up, then every test'
	@echo 'make build       the programs, in build/'
	@echo 'make test-user   for root: as an ordinary user, the tests for which that makes a difference'
	@echo 'make test-tsan   the concurrent tests under ThreadSanitizer'
	@echo 'make check       format, layers, warnings, tests under ASan and UBSan (no kernel tests)'
	@echo 'make check-full  adds ThreadSanitizer, clang-tidy, gcc and clang'
	@echo 'make stats       sizes of files, headers and functions'
	@echo 'make format      lay out every C file'
	@echo 'make clean       remove build/'

run: build
	@tools/run-demo

build:
	@tools/set-up build
	@$(call build_preset,release)

trained:
	@tools/set-up build
	@JOBS=$(JOBS) tools/build-trained

deb:
	@tools/set-up package
	@tools/make-deb

dist:
	@tools/set-up dist
	@tools/make-dist

sbom: build
	@tools/set-up sbom
	@cmake build/release >/dev/null
	@cmake --build --preset release --target sbom -j $(JOBS)

test:
	@tools/test-plan test build/$(TEST_PRESET) $(JOBS)
	@tools/set-up test
	@$(call build_preset,release)
	@$(call build_preset,$(TEST_PRESET))
	@$(call run_tests,$(TEST_PRESET))

# For root: a part of the tests as an ordinary user. They touch files, privileges and descriptors, of
# which such a user has fewer. Left out is what is the same for everybody: the other minor versions of
# the same tests, codecs and state (unit), the counters, and what waits for leases and timers, puts load on
# the server or floods it.
test-user:
	@tools/test-plan test-user build/$(TEST_PRESET) $(JOBS)
	@tools/set-up test
	@$(call build_preset,$(TEST_PRESET))
	@$(call run_tests,$(TEST_PRESET),--as $(ORDINARY_USER)) \
		-R '^(backend\.local|protocol\.|fault\.|unit\.callback\.dial)' -E '$(SAME_FOR_ALL)' || [ $$? -eq 77 ]

check:
	@tools/test-plan check build/check $(JOBS)
	@tools/set-up test
	@tools/check-format
	@tools/check-layers
	@tools/check-spdx
	@tools/check-structure
	@tools/check-requirements
	@$(call build_preset,check)
	@$(call run_tests,check) -LE kernel

test-tsan:
	@tools/test-plan test-tsan build/tsan $(JOBS)
	@tools/set-up test
	@$(call build_preset,tsan)
	@$(call run_tests,tsan) -L concurrent

check-full: check test-tsan
	@$(call build_preset,gcc)
	@$(call build_preset,clang)
	@tools/check-tidy build/clang

stats:
	@tools/stats

format:
	@tools/set-up test
	@tools/check-format --fix

clean:
	@rm -rf build
