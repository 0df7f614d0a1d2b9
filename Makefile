# Every target works from a bare clone on a machine that has Node >= 20.19, npm, make and bash. `make` alone explains itself.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

NODE_MODULES := node_modules/.installed
BUILD := .tmp/build.stamp
BUILD_LOG := .tmp/build.log
REPORTS := .tmp/reports
BIN := node_modules/.bin
# The projects of a name or pattern, and the name of their report.
VITEST = mkdir -p $(REPORTS) && rm -f $(REPORTS)/$(2).json && \
  $(BIN)/vitest run --project '$(1)' --reporter=default --reporter=./scripts/report/json-with-reasons.mjs --outputFile.json=$(REPORTS)/$(2).json

DASHBOARD_SOURCES := $(shell find dashboard -type f -not -path '*/node_modules/*' 2>/dev/null)
SOURCES := $(shell find src -name '*.ts' ! -name '*.test.ts' 2>/dev/null)

.PHONY: help run test build dashboard lint fmt programs test-unit test-checks test-integration test-coverage check-package benchmark clean

help: ## Show what can be done
	@echo "GoCacheX for TypeScript"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(BUILD) ## Build, then run the storefront example (RUN_SECONDS=… RUN_PORT=…)
	node examples/storefront/run.mjs

test: $(NODE_MODULES) ## Everything that must hold: lint, types, build, all tests, the package; ends with a summary
	@node scripts/report/run-steps.mjs --beside programs:test-checks lint build test-unit test-checks test-integration check-package

build: $(BUILD) ## Build the package into dist/

dashboard: $(NODE_MODULES) ## Build the page that a node serves into dist/dashboard
	node scripts/build-dashboard.mjs

lint: $(NODE_MODULES) dashboard/node_modules/.installed ## Format, lint, types, layers, purity, file rules, unused code
	@node scripts/report/run-together.mjs 2 \
	  "$(BIN)/knip" \
	  "node node_modules/typescript7/bin/tsc -p ." \
	  "node scripts/checks/check-layers.mjs" \
	  "$(BIN)/biome check --error-on-warnings ." \
	  "node node_modules/typescript7/bin/tsc -p scripts" \
	  "node node_modules/typescript7/bin/tsc -p dashboard" \
	  "node scripts/checks/check-purity.mjs" \
	  "node scripts/checks/check-files.mjs"

fmt: $(NODE_MODULES) ## Format the code and mend what can be mended safely
	$(BIN)/biome check --write .

programs: $(NODE_MODULES) ## Install the programs that tests start, where this machine is Debian's and root says so
	@node scripts/tools/install-programs.mjs

test-unit: $(NODE_MODULES) ## Unit, property and conformance tests: no build, no servers, seconds
	@$(call VITEST,unit,unit)

test-checks: $(BUILD) ## Tests of the project itself: layer rules, docs in step, README snippets
	@$(call VITEST,checks,checks)

test-integration: $(BUILD) ## Tests against real servers and processes, the packed package, the examples
	@$(call VITEST,integration*,integration)

test-coverage: $(NODE_MODULES) ## Unit tests with a coverage report in coverage/
	$(BIN)/vitest run --project unit --coverage

check-package: $(BUILD) ## What others will install: publint, and types as every module system sees them
	@node scripts/report/run-together.mjs 2 \
	  "$(BIN)/publint --strict" \
	  "$(BIN)/attw --pack . --profile node16 --exclude-entrypoints ./config.schema.json"

benchmark: $(NODE_MODULES) bench/node_modules/.installed ## Compare with other libraries, some 20 minutes (BENCH_SECONDS=5 for a short run, BENCH_ARGS=…)
	node bench/run.mjs $(BENCH_ARGS)

clean: ## Remove everything that was made, but not what was installed
	rm -rf dist coverage .tmp bench/results bench/.build

# Installed again only when the lock file changed. `npm ci` refuses a lock that lacks another platform's packages; then
# `npm install` fills in what is missing.
$(NODE_MODULES): package-lock.json
	npm ci --no-audit --no-fund || npm install --no-audit --no-fund
	@touch $@

bench/node_modules/.installed: bench/package-lock.json
	cd bench && (npm ci --no-audit --no-fund || npm install --no-audit --no-fund)
	@touch $@

dashboard/node_modules/.installed: dashboard/package-lock.json
	node scripts/build-dashboard.mjs --install
	@touch $@

# What the bundler says is shown when it fails; else it is in the log.
$(BUILD): $(NODE_MODULES) $(SOURCES) tsdown.config.ts tsconfig.json package.json scripts/package-entries.json scripts/write-config-schema.mjs scripts/import-source.mjs scripts/build-dashboard.mjs $(DASHBOARD_SOURCES)
	@mkdir -p $(@D)
	@echo "building …"
	@npm run --silent build >$(BUILD_LOG) 2>&1 || { cat $(BUILD_LOG) >&2; exit 1; }
	@touch $@
