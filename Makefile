# Two commands: `make demo` inspects the shipped sample batch, `make test` passes the tests.
# Both make their own virtual environment in .venv; nothing else on the machine changes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TORCH  := torch==2.13.0
SAMPLE := docs/sample/2026-11-20

.PHONY: demo test setup setup-dev check docs slow bench lock sbom audit long clean

demo: setup  ## transcribe and inspect the sample batch, write runs/ and print where the report is
	@echo "==> 质检示例批次 $(SAMPLE)（首次转写约一两分钟，之后取自缓存）"
	@$(BIN)/qc run $(SAMPLE) --manifest calls.csv --out runs --name 示例批次

test: setup-dev  ## lint, types, import contracts and the whole test suite
	@echo "==> 代码检查：ruff、mypy、导入约定"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@echo "==> 规则的五关"
	@$(BIN)/qc rules ci --quiet
	@echo "==> 测试"
	@$(BIN)/pytest -n logical --no-loadscope-reorder

setup: $(VENV)/.asr
setup-dev: $(VENV)/.dev

$(VENV)/.made:
	@echo "==> 新建虚拟环境 $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "需要 Python 3.11 或更新的版本，可用 make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# torch first and pinned: whatever needs it later is then content with the release that was tested.
$(VENV)/.asr: $(VENV)/.made pyproject.toml
	@echo "==> 安装依赖（含转写模型，首次约几分钟）"
	@$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e ".[asr]"
	@touch $@

$(VENV)/.dev: $(VENV)/.asr
	@echo "==> 安装测试工具"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e ".[asr,ct2,learn,sql,ray,vault,dev]"
	@touch $@

docs: setup-dev  ## regenerate docs/reference
	@$(BIN)/python docs/generate.py

slow: setup-dev  ## the tests that take minutes
	@$(BIN)/pytest -m "slow and not long"

long: setup-dev  ## campaigns of faults and hostile input, for a night
	@$(BIN)/pytest -m long

lock: setup-dev  ## pin the tested packages with their hashes: requirements/*.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@$(BIN)/python requirements/lock.py

sbom: setup-dev  ## dist/sbom.cdx.json: every installed package, CycloneDX
	@mkdir -p dist
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json $(BIN)/python
	@echo dist/sbom.cdx.json

audit: setup-dev  ## known vulnerabilities of the locked packages; says so where the database is not reached
	@$(BIN)/python requirements/audit.py

clean:  ## remove what was installed and computed here
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
