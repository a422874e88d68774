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
CHOOSER = "    if (turing_mma_available(cc) && Q->ne[0] != 40 && Q->ne[0] != 72) {\n"
INSTANCES = (
    *(f"fattn-tile-instance-dkq{size}-dv{size}.cu" for size in (40, 64, 72, 80, 96, 128)),
    *(f"fattn-mma-f16-instance-ncols1_{columns}-ncols2_8.cu" for columns in (1, 2, 4, 8, 16)),
    *(f"mmf-instance-ncols_{columns}.cu" for columns in range(1, 10)),
    *(f"mmq-instance-{name}.cu" for name in ("q4_0", "q4_k", "q6_k", "q8_0")),
)
OTHERS = ("fattn.cu", "fattn-tile.cu", "mmq.cu", "mmf.cu")
PROJECT = """
cmake_minimum_required(VERSION 3.21)
project(ggml NONE)
file(GLOB_RECURSE sources "${CMAKE_CURRENT_SOURCE_DIR}/*.cu")
add_library(ggml-cuda INTERFACE)
set_target_properties(ggml-cuda PROPERTIES SOURCES "${sources}" CUDA_ARCHITECTURES "@@")
file(GENERATE OUTPUT sources.txt CONTENT "$<JOIN:$<TARGET_PROPERTY:ggml-cuda,SOURCES>,\\n>")
"""

pytestmark = pytest.mark.skipif(
    not CMAKE.exists(), reason="the build tools are not in this environment"
)


def compiled(folder: Path, architectures: str, chooser: str = CHOOSER) -> dict[str, str]:
    """Each file that the compiler is handed, by name, with its text."""
    tree, build = folder / "ggml-cuda", folder / "build"
    (tree / "template-instances").mkdir(parents=True)
    for name in INSTANCES:
        (tree / "template-instances" / name).touch()
    for name in OTHERS:
        (tree / name).write_text(chooser, encoding="utf-8")
    (tree / "CMakeLists.txt").write_text(PROJECT.replace("@@", architectures), encoding="utf-8")
    command = [CMAKE, "-G", "Ninja", "-S", tree, "-B", build]
    command.append(f"-DCMAKE_MAKE_PROGRAM={CMAKE.with_name('ninja')}")
    command.append(f"-DCMAKE_PROJECT_ggml_INCLUDE={llama.CUDA_HOOK}")
    subprocess.run(command, check=True, capture_output=True)
    listed = (build / "sources.txt").read_text(encoding="utf-8").splitlines()
    return {Path(each).name: Path(each).read_text(encoding="utf-8") for each in listed}


def included(text: str) -> list[str]:
    return [Path(each).name for each in re.findall(r'^#include "(.*)"$', text, re.MULTILINE)]


@pytest.mark.parametrize("architectures", ["86-real", "61-real;86-real"])
def test_every_file_is_compiled_once_and_four_instances_of_a_kind_as_one(
    tmp_path: Path, architectures: str
) -> None:
    files = compiled(tmp_path, architectures)
    assert set(OTHERS) < set(files)
    assert not set(INSTANCES) & set(files)
    whole = {name: included(text) for name, text in files.items() if name not in OTHERS}
    assert Counter(each for group in whole.values() for each in group) == Counter(INSTANCES)
    for group in whole.values():
        assert len({name.split("-instance")[0] for name in group}) == 1
    assert all(len(group) <= 4 for name, group in whole.items() if "unused" not in name)
    assert whole["mmf-1.cu"] == list(INSTANCES[11:15])


@pytest.mark.parametrize("architectures", ["75-real", "89;120a-real"])
def test_attention_without_tensor_cores_is_left_out_where_every_card_has_them(
    tmp_path: Path, architectures: str
) -> None:
    files = compiled(tmp_path, architectures)
    empty = [name for name, text in files.items() if "#define GGML_CUDA_NO_FA" in text]
    assert empty == ["fattn-tile-unused.cu"]
    assert included(files["fattn-tile-unused.cu"]) == [
        f"fattn-tile-instance-dkq{size}-dv{size}.cu" for size in (128, 64, 80, 96)
    ]
    # llama.cpp has no attention on tensor cores for heads of these sizes.
    assert included(files["fattn-tile-1.cu"]) == [
        f"fattn-tile-instance-dkq{size}-dv{size}.cu" for size in (40, 72)
    ]


@pytest.mark.parametrize(
    ("architectures", "chooser"),
    [
        ("70-real;86-real", CHOOSER),
        ("native", CHOOSER),
        ("86-real", CHOOSER.replace("!= 40", "!= 48")),
    ],
)
def test_it_is_kept_where_a_card_or_another_llama_cpp_may_take_it(
    tmp_path: Path, architectures: str, chooser: str
) -> None:
    files = compiled(tmp_path, architectures, chooser)
    assert not [name for name, text in files.items() if "GGML_CUDA_NO_FA" in text]
