#!/usr/bin/env bash
# Builds llama.cpp's own llama-server from the source inside the locked llama-cpp-python package.
#
#   tests/peers/llama_server.sh FOLDER     # outside of the project; needs 1.5 GB and cmake
#   SDIST=….tar.gz tests/peers/llama_server.sh FOLDER     # of a source package that is there
#
# Prints the path of the program, which tests/benchmarks/serving.py takes. What is there already is
# not built again. JOBS says how many compilers run at once (2).
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mkdir -p "${1:?name a folder to build in}" && cd "$1" && pwd)
program=$folder/build/bin/llama-server
case $folder/ in
  "$top"/*) echo "$folder is inside the project; name another folder" >&2; exit 2 ;;
esac

if [ ! -x "$program" ]; then
  if [ -z "${SDIST:-}" ]; then
    "$top/.venv/bin/python" -m pip download --quiet --no-deps --no-build-isolation \
      --no-binary llama-cpp-python --require-hashes --dest "$folder" \
      --requirement "$top/requirements-llama.txt" >&2
    SDIST=$(ls "$folder"/llama_cpp_python-*.tar.gz)
  fi
  mkdir -p "$folder/source"
  tar xzf "$SDIST" --strip-components 1 --directory "$folder/source"
  # What GCC leaves out of the kernels for AMX, as in the wheel that this project builds.
  cat > "$folder/amx.cmake" <<END
function(mend_amx)
  get_target_property(folder ggml-cpu SOURCE_DIR)
  get_target_property(sources ggml-cpu SOURCES)
  list(FILTER sources INCLUDE REGEX "/amx/.*\\.cpp$")
  list(TRANSFORM sources PREPEND "\${folder}/")
  set_source_files_properties(\${sources} TARGET_DIRECTORY ggml-cpu PROPERTIES
    COMPILE_OPTIONS "-include;$top/kb/install/llama_amx.h")
endfunction()
cmake_language(DEFER CALL mend_amx)
END
  # Neither pages nor TLS, which would be fetched or need libraries; all else as it comes.
  cmake -S "$folder/source/vendor/llama.cpp" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release \
    "-DCMAKE_PROJECT_llama.cpp_INCLUDE=$folder/amx.cmake" \
    -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_OPENSSL=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF >&2
  cmake --build "$folder/build" --target llama-server --parallel "${JOBS:-2}" >&2
fi
echo "$program"
