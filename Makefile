# Works with python3 (3.11 to 3.13), pip and make alone; uv is used where it is installed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SPARK_READY := .venv/.spark
ICEBERG := .venv-iceberg
ICEBERG_READY := $(ICEBERG)/.ready
LAKE := .venv-ducklake
LAKE_READY := $(LAKE)/.ready
CLIENTS ?= $(shell sed -n 's/==.*//p' tests/clients/requirements.txt)
NOTHING :=
SPACE := $(NOTHING) $(NOTHING)
AUDIT := .venv-audit
AUDIT_READY := $(AUDIT)/.ready
# The demo stands on a fixed day, so that its quarter is running whenever it is tried.
DEMO_DAY := 2026-11-23

# What needs no refresh, no server and no browser: definitions, words, files, pages' language, the rules of the house.
QUICK := tests/okrs tests/words tests/adding tests/key_result_types/test_types.py tests/test_house.py tests/test_errors.py \
  $(addprefix tests/docs/test_,architecture.py decisions.py dependencies.py glossary.py trust.py) \
  $(addprefix tests/channels/test_,configuration.py file_formats.py files.py files_across.py files_ranges.py versions.py windows.py) \
  $(addprefix tests/report_site/test_,charts.py dialect.py formats.py)

# Every command of the tests is a process of its own: without bytecode on the disk each compiles its libraries again.
unexport PYTHONDONTWRITEBYTECODE

# $(call install,ENVIRONMENT,WHAT): with uv where it is installed
define install
if command -v uv >/dev/null 2>&1; then \
	  uv pip install -q --python $(1)/bin/python $(2) ; \
	else \
	  $(1)/bin/python -m pip install -q --disable-pip-version-check --no-deps $(2) ; \
	fi
endef

.DEFAULT_GOAL := help
.PHONY: help setup report test test-quick test-clients test-gallery test-databases spark spark-iceberg test-spark ducklake test-ducklake torture wheel prove coverage mutants generate lineage check dev channel docs walk bench lock sbom audit

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 17

setup: $(READY) ## the environment in .venv, from requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "Python 3.11 to 3.13 is needed, this is %d.%d; name another with make PYTHON=python3.12" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the locked packages into .venv (about a minute the first time)"
	@$(call install,.venv,--require-hashes -r requirements.lock)
	@$(call install,.venv,--no-deps --no-build-isolation -e .)
	@touch $@

report: $(READY) ## one full refresh of the demo, and where its site lies
	@OKR_TODAY=$${OKR_TODAY:-$(DEMO_DAY)} $(BIN)/okr sandbox -- $(BIN)/okr refresh

test: $(READY) ## every test (installs Debian's chromium when it is missing and may be installed)
	@sh tests/need_chromium.sh
	@$(BIN)/python -m pytest

test-quick: $(READY) ## the tests that need no refresh, server or browser: three minutes at most on two cores
	@$(BIN)/python -m pytest -q $(QUICK)

test-clients: $(READY) ## public clients against the sandbox, each in an environment below .okr/clients; CLIENTS="tap-mailchimp" for some
	@for client in $(CLIENTS) ; do \
	  test -x .okr/clients/$$client/bin/$$client && continue ; \
	  wanted=$$(grep "^$$client==" tests/clients/requirements.txt) || { echo "no $$client in tests/clients/requirements.txt" ; exit 1 ; } ; \
	  $(PYTHON) -m venv .okr/clients/$$client && \
	  .okr/clients/$$client/bin/python -m pip install -q --disable-pip-version-check $$wanted || exit 1 ; \
	done
	@test -z "$$OKR_TEST_DLT_SOURCES" || test -x .okr/clients/dlt/bin/dlt || { \
	  $(PYTHON) -m venv .okr/clients/dlt && \
	  .okr/clients/dlt/bin/python -m pip install -q --disable-pip-version-check 'dlt[duckdb]' \
	    -r $$OKR_TEST_DLT_SOURCES/hubspot/requirements.txt -r $$OKR_TEST_DLT_SOURCES/facebook_ads/requirements.txt ; }
	@$(BIN)/python -m pytest -n 0 -q -m clients -k "$(subst $(SPACE), or ,$(strip $(CLIENTS) $(if $(OKR_TEST_DLT_SOURCES),dlt)))" tests/clients

VENDORS ?=

test-gallery: $(READY) ## connectors of others read the gallery's stand-ins by our runner (4 minutes; environments below .okr/clients); VENDORS="stripe" for some
	@$(BIN)/python -m pytest -n 0 -q -m clients -k "$(subst $(SPACE), or ,$(strip $(VENDORS)))" tests/clients/test_gallery.py

test-databases: $(READY) ## the sql channel on real Postgres, MariaDB and DuckDB (a minute; Debian's postgresql and mariadb-server; drivers below .okr/clients)
	@test -d .okr/clients/drivers/duckdb_engine || { \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --target .okr/clients/drivers 'psycopg[binary]==3.3.9' pymysql==1.2.4 && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --target .okr/clients/drivers --no-deps duckdb-engine==0.17.0 ; }
	@test -d .okr/clients/drivers/thrift || $(BIN)/python -m pip install -q --disable-pip-version-check --target .okr/clients/drivers --no-deps \
	  snowflake-sqlalchemy==2.1.0 snowflake-connector-python==5.2.0 databricks-sqlalchemy==2.0.10 databricks-sql-connector==4.9.0 thrift==0.25.0 lz4==4.4.5 pybreaker==1.4.1 \
	  sqlalchemy-bigquery==1.17.3 google-cloud-bigquery==3.47.0 google-cloud-core==2.8.0 google-resumable-media==2.11.0 google-crc32c==1.9.0
	@PYTHONPATH=.okr/clients/drivers $(BIN)/python -m pytest -n 0 -q -rs -m clients tests/channels/test_sql_servers.py

spark: $(SPARK_READY) ## a Spark cluster on 127.0.0.1 until Ctrl-C, for `okr refresh --engine spark` (docs/spark.md)
	@$(BIN)/python -m okr_reports.spark.cluster

spark-iceberg: $(SPARK_READY) $(ICEBERG_READY) ## the same with Spark 3.5 and Iceberg, for SPARK__TABLE_FORMAT=iceberg
	@$(BIN)/python -m okr_reports.spark.cluster --iceberg $(ICEBERG)

test-spark: $(SPARK_READY) $(ICEBERG_READY) ## the demo on a real Spark cluster beside DuckDB: the same rows, the same files (needs Java 17)
	@sh tests/need_java.sh
	@$(BIN)/python -m pytest -n 0 -m spark tests/spark tests/defs/test_postgres.py

$(SPARK_READY): $(READY) requirements-spark.lock
	@echo "installing Spark into .venv (450 MB)"
	@$(call install,.venv,--require-hashes -r requirements-spark.lock)
	@touch $@

$(ICEBERG_READY): requirements-iceberg.lock
	@test -x $(ICEBERG)/bin/python || $(PYTHON) -m venv $(ICEBERG)
	@echo "installing Spark 3.5 with Iceberg into $(ICEBERG) (450 MB)"
	@$(call install,$(ICEBERG),--require-hashes -r requirements-iceberg.lock)
	@touch $@

ducklake: $(LAKE_READY) ## an environment in .venv-ducklake for `okr refresh --engine ducklake` (docs/ducklake.md)

test-ducklake: $(READY) $(LAKE_READY) ## the demo in a DuckLake beside DuckDB: the same rows, the same files (needs Postgres)
	@$(BIN)/python -m pytest -n 0 -m ducklake tests/ducklake

$(LAKE_READY): requirements-ducklake.lock pyproject.toml
	@test -x $(LAKE)/bin/python || $(PYTHON) -m venv $(LAKE)
	@echo "installing DuckDB 1.5 with its extensions into $(LAKE)"
	@$(call install,$(LAKE),--require-hashes -r requirements-ducklake.lock)
	@$(call install,$(LAKE),--no-deps --no-build-isolation -e .)
	@touch $@

torture: $(READY) ## docs/trust.md at full length: faults, kills, full disks, broken logs, 200 refreshes, mutants (hours)
	@$(BIN)/python -m pytest -n 0 -s -q -m "" tests/channels/test_faults.py
	@$(BIN)/python -m pytest -n 0 -s -q -m torture tests/report_site/test_publish.py tests/report_site/test_hostile_names.py
	@OKR_TORTURE=1 $(BIN)/python -m pytest -n 0 -s -q -m "" tests/torture
	@$(BIN)/python -m tests.torture.mutants --count 80

wheel: $(READY) ## the wheel in .okr/wheel, installed into an empty environment with the locked packages of what is run; one refresh there
	@rm -rf .okr/wheel && mkdir -p .okr/wheel && $(BIN)/python -m hatchling build -t wheel -d .okr/wheel
	@$(PYTHON) -m venv .okr/wheel/env
	@$(call install,.okr/wheel/env,--require-hashes -r requirements-run.lock)
	@$(call install,.okr/wheel/env,--no-deps .okr/wheel/*.whl)
	@cd .okr/wheel && env/bin/okr --version && env/bin/okr init demo && cd demo && \
	  OKR_TODAY=$(DEMO_DAY) ../env/bin/okr sandbox -- ../env/bin/okr refresh --channel linkedin_ads

prove: $(READY) ## what `make test` does a part of, in full: 200 spoilt answers a channel and the like
	@OKR_PROVE=1 $(BIN)/python -m pytest -m prove

coverage: $(READY) ## every test, and which lines of pipelines/ they reach (half as long again)
	@sh tests/need_chromium.sh
	@$(BIN)/python -m pytest --cov --cov-report=term

mutants: $(READY) ## mistakes made in the models' SQL one by one: how many the tests catch, and which survive
	@$(BIN)/python -m tests.torture.mutants --count 80

generate: $(READY) ## what is written from the code: the models' macros of key-result types, the JSON schema, the architecture picture
	@$(BIN)/python -m okr_reports.key_result_types.sql
	@$(BIN)/python -m okr_reports.okrs.json_schema
	@$(BIN)/python docs/architecture.py

lineage: report ## what each column of the models is made of, from a refresh of the demo, for Dagster: after a model has changed
	@$(BIN)/python -m okr_reports.warehouse.column_lineage

check: $(READY) ## lint, types, SQL style, definitions
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@OKR_WAREHOUSE=:memory: $(BIN)/sqlfluff lint dbt_project/models
	@$(BIN)/okr check
	@$(BIN)/python -c 'from okr_reports.settings import Workspace; from okr_reports.warehouse.transform import invoke; invoke(Workspace.from_environment(), ["parse"])'
	@OKR_DATA_DIR=$${OKR_DATA_DIR:-.okr} DAGSTER_HOME=$$(mkdir -p .okr/dagster && cd .okr/dagster && pwd) $(BIN)/dagster definitions validate

dev: $(READY) ## the Dagster UI on 127.0.0.1:3000, its channels pointed at the sandbox
	@mkdir -p .okr/dagster && cp -n pipelines/okr_reports/dagster.yaml .okr/dagster/ || true
	@OKR_TODAY=$${OKR_TODAY:-$(DEMO_DAY)} DAGSTER_HOME=$$PWD/.okr/dagster $(BIN)/okr sandbox -- $(BIN)/dagster dev -h 127.0.0.1

channel: $(READY) ## name=x: a new channel from a living one, with its stand-in, staging models, KPIs and tests
	@$(BIN)/python -m okr_reports.channels.copy_channel "$(name)"
	@$(BIN)/ruff check -q --fix --select I pipelines tests && $(BIN)/ruff format -q pipelines tests

docs: $(READY) ## the documentation as a site in .okr/docs
	@$(BIN)/mkdocs build -q && echo "file://$$PWD/.okr/docs/index.html"

walk: $(READY) ## docs/walk.md and its pictures anew: the commands run, the pages photographed
	@sh tests/need_chromium.sh
	@OKR_TODAY=$(DEMO_DAY) $(BIN)/python docs/walk.py

bench: $(READY) ## the figures of benchmarks/, measured on this machine
	@$(BIN)/python -m benchmarks

lock: $(READY) ## the six lock files anew from pyproject.toml, hashes in, addresses out (needs uv)
	@uv pip compile pyproject.toml --group dev --extra s3 --extra mcp --extra sdk-check --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements.lock
	@uv pip compile pyproject.toml --group build --extra s3 --extra mcp -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements-run.lock
	@uv pip compile pyproject.toml --extra spark --extra postgres -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements-spark.lock
	@mkdir -p .okr && sed 's/^duckdb==[^ ]*/duckdb/' requirements.lock > .okr/without-duckdb.txt && echo 'duckdb==1.5.5' | uv pip compile pyproject.toml --group editable --extra s3 --extra ducklake -c .okr/without-duckdb.txt --override - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements-ducklake.lock
	@uv pip compile --group audit --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements-audit.lock
	@uv pip compile --group iceberg --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements-iceberg.lock

$(AUDIT_READY): requirements-audit.lock
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	@$(call install,$(AUDIT),--require-hashes -r requirements-audit.lock)
	@touch $@

sbom: $(READY) $(AUDIT_READY) ## .okr/sbom.json: every package that is run (requirements-run.lock) in CycloneDX's format, hashes and all; count, size, licences
	@mkdir -p .okr
	@$(AUDIT)/bin/cyclonedx-py requirements requirements-run.lock --pyproject pyproject.toml --output-reproducible --no-validate -o .okr/sbom.json
	@echo ".okr/sbom.json: $$(grep -c '"purl"' .okr/sbom.json) packages"
	@$(BIN)/python docs/packages.py

# A package that could not be asked about is a failure, not a pass.
audit: $(AUDIT_READY) ## known weaknesses of the packages that are locked, those of Spark and Iceberg too, asked of the public database (audit-ignored.txt: what may be passed over)
	@$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements.lock -r requirements-spark.lock -r requirements-iceberg.lock \
	  $$(sed -n 's/^\([A-Z][A-Z]*-[^ ]*\) .*/--ignore-vuln \1/p' audit-ignored.txt)
