#!/usr/bin/env bash
# Builds Ollama from its source, over the llama-server that tests/peers/llama_server.sh builds.
#
#   tests/peers/ollama.sh FOLDER SOURCE LLAMA     # FOLDER outside of the project; Go 1.26 and cmake
#
# SOURCE is a checkout of github.com/ollama/ollama (0.33), LLAMA the folder that was given to
# llama_server.sh. Prints the path of the program, which KB_TEST_OLLAMA names. What is there already
# is not built again.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "${1:?name a folder to build in}" && cd "$1" && pwd)
source=$(cd "${2:?name a checkout of github.com/ollama/ollama}" && pwd)
llama=$(cd "${3:?name the folder of llama_server.sh}" && pwd)
program=$folder/bin/ollama
case $folder/ in
  "$top"/*) echo "$folder is inside the project; name another folder" >&2; exit 2 ;;
esac

if [ ! -x "$program" ]; then
  # It looks for llama.cpp's programs beside its own; it checks a model with llama-quantize.
  cmake --build "$llama/build" --target llama-server llama-quantize --parallel "${JOBS:-2}" >&2
  mkdir -p "$folder/lib/ollama"
  cp -a "$llama/build/bin/." "$folder/lib/ollama/"
  version=$(git -C "$source" describe --tags 2>/dev/null || echo v0)
  (cd "$source" && go build -p "${JOBS:-2}" -trimpath -buildvcs=false \
    -ldflags "-X=github.com/ollama/ollama/version.Version=${version#v}" -o "$program" . >&2)
fi
echo "$program"
