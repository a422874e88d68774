"""How llama.cpp's kernels for CUDA are put together for the compiler, on a stand-in of its tree."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kb.install import llama

CMAKE = Path(sys.executable).with_name("cmake")
INSTANCES = {
    "fattn-tile": [f"dkq{size}-dv{size}" for size in (40, 64, 72, 80, 96)],
    "fattn-mma-f16": ["ncols1_1-ncols2_8", "ncols1_16-ncols2_1", "ncols1_16-ncols2_2"],
    "mmf": [f"ncols_{columns}" for columns in range(1, 10)],
    "mmq": ["q4_0", "q4_k", "q6_k", "q8_0"],
}
NAMES = {
    kind: [f"{kind}-instance-{each}" for each in instances] for kind, instances in INSTANCES.items()
}
ALONE = ("ggml-cuda", "fattn", "fattn-tile", "mmq", "mmf", "mmvq", "cpy", "conv2d", "mean")
SMALL = ("acc", "scale", "conv2d-dw", "sumrows")
VECTOR = "fattn-vec-instance-f16-f16"  # the only instance of its kind that is compiled

# The files are listed, never compiled, so the project needs no language.
PROJECT = """
cmake_minimum_required(VERSION 3.21)
project(llama.cpp NONE)
add_subdirectory(ggml-cuda)
"""
BACKEND = """
file(GLOB sources "*.cu" "template-instances/*.cu")
add_library(ggml-cuda INTERFACE)
set_target_properties(ggml-cuda PROPERTIES SOURCES "${sources}")
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL list_sources)
function(list_sources)
  get_target_property(sources ggml-cuda SOURCES)
  foreach(source IN LISTS sources)
    get_source_file_property(
      alone "${source}" TARGET_DIRECTORY ggml-cuda SKIP_UNITY_BUILD_INCLUSION)
    file(APPEND "${CMAKE_BINARY_DIR}/sources.txt" "${alone} ${source}\\n")
  endforeach()
endfunction()
"""

pytestmark = pytest.mark.skipif(
    not CMAKE.exists(), reason="the build tools are not in this environment"
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, bool]:
    """Each file that the compiler is handed, and whether it is compiled alone."""
    folder = tmp_path_factory.mktemp("llama.cpp")
    tree = folder / "ggml-cuda"
    (tree / "template-instances").mkdir(parents=True)
    (folder / "CMakeLists.txt").write_text(PROJECT, encoding="utf-8")
    (tree / "CMakeLists.txt").write_text(BACKEND, encoding="utf-8")
    for kind, names in NAMES.items():
        for name in names:
            text = f'// by a script\n\n#include "../{kind}.cuh"\n\nDECL_CASE({name}, "a;b");\n'
            (tree / "template-instances" / f"{name}.cu").write_text(text, encoding="utf-8")
    for name in (*ALONE, *SMALL, f"template-instances/{VECTOR}"):
        (tree / f"{name}.cu").touch()
    build = folder / "build"
    command: list[str | Path] = [
        CMAKE,
        "-G",
        "Ninja",
        f"-DCMAKE_MAKE_PROGRAM={CMAKE.with_name('ninja')}",
    ]
    command += ["-S", folder, "-B", build, f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={llama.HOOK}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = (build / "sources.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines)
    return {Path(path): alone == "ON" for alone, path in pairs}


def together(compiled: dict[Path, bool]) -> dict[str, str]:
    """Return the files that hold several instances: name and text."""
    return {
        path.stem: path.read_text("utf-8") for path in compiled if path.parent.name == "together"
    }


def test_every_instance_is_compiled_once_and_up_to_four_of_a_kind_as_one(
    compiled: dict[Path, bool],
) -> None:
    files = together(compiled)
    declared = {
        name: re.findall(r'^DECL_CASE\((.*), "a;b"\);$', files[name], re.MULTILINE)
        for name in files
    }
    assert Counter(each for names in declared.values() for each in names) == Counter(
        each for names in NAMES.values() for each in names
    )
    assert {name: len(names) for name, names in declared.items()} == {
        "fattn-tile-1": 4,
        "fattn-tile-2": 1,
        "fattn-mma-f16-1": 3,
        "mmf-1": 4,
        "mmf-2": 4,
        "mmf-3": 1,
        "mmq-1": 4,
    }
    assert not {path.stem for path in compiled} & {
        each for names in NAMES.values() for each in names
    }


def test_the_header_of_a_kind_is_included_once_since_it_may_lack_a_guard(
    compiled: dict[Path, bool],
) -> None:
    for name, text in together(compiled).items():
        (header,) = re.findall(r'#include "(.*)"', text)
        assert Path(header).name == f"{name.rsplit('-', 1)[0]}.cuh"
        assert Path(header).parent in {path.parent for path in compiled}
        assert text.index("#include") < text.index("DECL_CASE")


def test_small_files_are_compiled_with_others_and_the_rest_alone(
    compiled: dict[Path, bool],
) -> None:
    alone = {path.stem for path, is_alone in compiled.items() if is_alone}
    assert alone == {*ALONE, VECTOR, *together(compiled)}
    assert {path.stem for path in compiled} - alone == set(SMALL)
