"""Which machines llama.cpp is compiled for CUDA on, and what is told where a part is missing."""

from __future__ import annotations

import shutil
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest
from programs import program

from kb import doctor
from kb.install import machine

not_on_a_mac = pytest.mark.skipif(sys.platform == "darwin", reason="a Mac always uses Metal")


@not_on_a_mac
class TestAccelerator:
    def detect(self, tmp_path: Path, **variables: str) -> machine.Accelerator:
        environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", **variables}
        return machine.accelerator(
            environ, cuda_folder=tmp_path / "cuda", system=tmp_path / "system"
        )

    def gpu(self, tmp_path: Path, *capabilities: str) -> None:
        lines = "; ".join(f"echo {each}" for each in capabilities) or "exit 2"
        script = f'case "$1" in -L) echo "GPU 0: Some GPU";; --query*) {lines};; esac'
        program(tmp_path / "bin", "nvidia-smi", script)

    def nvcc(self, folder: Path, release: str = "12.4") -> Path:
        script = f"echo nvcc; echo 'tools, release {release}, V{release}.1'; echo 'Build cuda_12.4'"
        return program(folder, "nvcc", script)

    def toolkit(self, root: Path, *without: str, targets: str = "") -> None:
        """A toolkit's files, without some: in lib64 and include, or below targets/."""
        home = root / targets
        for name in ("cuda_runtime.h", "cublas_v2.h"):
            if name not in without:
                (home / "include").mkdir(parents=True, exist_ok=True)
                (home / "include" / name).touch()
        libraries = home / ("lib" if targets else "lib64")
        (libraries / "stubs").mkdir(parents=True, exist_ok=True)
        for name in ("libcudart.so", "libcublas.so", "stubs/libcuda.so"):
            if name not in without:
                (libraries / name).touch()

    def test_cuda_where_the_gpu_and_all_of_its_toolkit_are_there(self, tmp_path: Path) -> None:
        self.gpu(tmp_path, "8.6")
        nvcc = self.nvcc(tmp_path / "bin")
        self.toolkit(tmp_path)
        found = self.detect(tmp_path)
        assert (found.name, found.compiler, found.advice) == ("CUDA", "Build cuda_12.4", "")
        assert "-DGGML_CUDA=on" in found.flags
        assert f"-DCMAKE_CUDA_COMPILER={nvcc}" in found.flags

    def test_cuda_where_the_compiler_is_in_its_own_folder_only(self, tmp_path: Path) -> None:
        self.gpu(tmp_path, "8.6")
        nvcc = self.nvcc(tmp_path / "cuda" / "bin")
        self.toolkit(tmp_path / "cuda", targets="targets/x86_64-linux")
        assert f"-DCMAKE_CUDA_COMPILER={nvcc}" in self.detect(tmp_path).flags

    def test_the_parts_of_the_toolkit_that_a_distribution_puts_elsewhere_are_found(
        self, tmp_path: Path
    ) -> None:
        self.gpu(tmp_path, "8.6")
        self.nvcc(tmp_path / "bin")
        self.toolkit(tmp_path / "system", targets="lib/x86_64-linux-gnu")
        (tmp_path / "system/lib/x86_64-linux-gnu/lib").rename(tmp_path / "moved")
        for path in (tmp_path / "moved").iterdir():
            path.rename(tmp_path / "system/lib/x86_64-linux-gnu" / path.name)
        (tmp_path / "system/lib/x86_64-linux-gnu/include").rename(tmp_path / "system/include")
        assert self.detect(tmp_path).name == "CUDA"

    @pytest.mark.parametrize(
        ("capabilities", "wanted"),
        [
            (("8.6",), "86-real"),
            (("9.0", "9.0"), "90-real"),
            (("12.0", "8.9"), "89-real;120-real"),
            ((), "native"),  # the query fails: an old driver
            (("[N/A]",), "native"),
        ],
    )
    def test_only_the_cards_own_architectures_are_compiled(
        self, tmp_path: Path, capabilities: tuple[str, ...], wanted: str
    ) -> None:
        self.gpu(tmp_path, *capabilities)
        self.nvcc(tmp_path / "bin")
        self.toolkit(tmp_path)
        assert f"-DCMAKE_CUDA_ARCHITECTURES={wanted}" in self.detect(tmp_path).flags

    @pytest.mark.parametrize(
        ("without", "named", "package"),
        [
            (("libcublas.so",), "cuBLAS (cublas_v2.h, libcublas.so)", "libcublas-dev-12-4"),
            (("cublas_v2.h",), "cuBLAS (cublas_v2.h, libcublas.so)", "libcublas-dev-12-4"),
            (
                ("stubs/libcuda.so",),
                "the driver's stub library (libcuda.so)",
                "cuda-driver-dev-12-4",
            ),
            (
                ("libcublas.so", "stubs/libcuda.so"),
                "and the driver's stub library",
                "libcublas-dev-12-4 cuda-driver-dev-12-4",
            ),
            (("libcudart.so",), "the CUDA runtime", "cuda-cudart-dev-12-4"),
        ],
    )
    def test_a_toolkit_that_lacks_a_part_builds_for_the_cpu_and_gives_the_command(
        self, tmp_path: Path, without: tuple[str, ...], named: str, package: str
    ) -> None:
        self.gpu(tmp_path, "8.6")
        self.nvcc(tmp_path / "cuda" / "bin")
        program(tmp_path / "bin", "apt-get", "exit 0")
        self.toolkit(tmp_path / "cuda", *without)
        found = self.detect(tmp_path)
        assert (found.name, found.flags) == ("CPU", ())
        assert named in found.advice
        assert f"\n  sudo apt install {package}\n" in found.advice
        assert "run the set-up again" in found.advice

    def test_the_command_is_that_of_where_the_compiler_came_from(self, tmp_path: Path) -> None:
        self.gpu(tmp_path, "8.6")
        self.nvcc(tmp_path / "system" / "bin")
        at = {"CUDACXX": str(tmp_path / "system" / "bin" / "nvcc")}
        assert "sudo apt install nvidia-cuda-dev" in self.detect(tmp_path, **at).advice
        self.nvcc(tmp_path / "env" / "bin")
        (tmp_path / "env" / "conda-meta").mkdir()
        at = {"CUDACXX": str(tmp_path / "env" / "bin" / "nvcc")}
        assert "conda install -c nvidia cuda-cudart-dev libcublas-dev" in (
            self.detect(tmp_path, **at).advice
        )
        self.nvcc(tmp_path / "cuda" / "bin", "13.0")
        program(tmp_path / "only", "dnf", "exit 0")
        shutil.copy(tmp_path / "bin" / "nvidia-smi", tmp_path / "only")
        at = {"PATH": str(tmp_path / "only")}
        assert "sudo dnf install cuda-cudart-devel-13-0" in self.detect(tmp_path, **at).advice
        (tmp_path / "cuda" / "bin" / "nvcc").unlink()
        assert "sudo dnf install cuda-toolkit" in self.detect(tmp_path, **at).advice

    def test_flags_of_the_user_say_what_is_needed_and_where(self, tmp_path: Path) -> None:
        self.gpu(tmp_path, "8.6")
        self.nvcc(tmp_path / "bin")
        assert self.detect(tmp_path, CMAKE_ARGS="-DGGML_CUDA=ON").name == "CUDA"
        self.toolkit(tmp_path / "own", "stubs/libcuda.so")
        there = f"-DCUDAToolkit_ROOT={tmp_path / 'own'}"
        assert self.detect(tmp_path, CMAKE_ARGS=there).name == "CPU"
        without_driver = f"{there} -DGGML_CUDA_NO_VMM:BOOL=ON"
        assert self.detect(tmp_path, CMAKE_ARGS=without_driver).name == "CUDA"

    @pytest.mark.skipif(shutil.which("nvcc", path="/usr/bin:/bin") is not None, reason="has nvcc")
    def test_gpu_without_its_compiler_builds_for_the_cpu_and_says_how_to_mend_it(
        self, tmp_path: Path
    ) -> None:
        self.gpu(tmp_path)
        found = self.detect(tmp_path)
        assert (found.name, found.flags) == ("CPU", ())
        assert "apt install nvidia-cuda-toolkit" in found.advice
        assert "make setup" in found.advice

    def test_compiler_that_does_not_run_is_told_apart(self, tmp_path: Path) -> None:
        self.gpu(tmp_path)
        program(tmp_path / "bin", "nvcc", "exit 1")
        assert "nvcc does not run" in self.detect(tmp_path).advice

    @pytest.mark.parametrize("script", ["exit 9", "echo 'No devices were found'"])
    def test_driver_without_a_gpu_is_a_plain_cpu(self, tmp_path: Path, script: str) -> None:
        program(tmp_path / "bin", "nvidia-smi", script)
        program(tmp_path / "bin", "nvcc", "echo 'Build cuda_12.4'")
        found = self.detect(tmp_path)
        assert (found.name, found.advice) == ("CPU", "")

    @pytest.mark.parametrize("installed", [True, False])
    def test_the_doctor_says_the_same_later(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, installed: bool
    ) -> None:
        self.gpu(tmp_path, "8.6")
        self.nvcc(tmp_path / "cuda" / "bin")
        self.toolkit(tmp_path / "cuda", "libcublas.so")
        monkeypatch.setattr("kb.doctor.checkout_data", lambda: None if installed else tmp_path)
        environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin", "CUDA_HOME": str(tmp_path / "cuda")}
        if (machine.nvidia.SYSTEM / "include" / "cublas_v2.h").exists():
            pytest.skip("this machine has cuBLAS")
        said = doctor._gpu_advice(environ)
        advice = machine.accelerator(environ).advice
        command = next(line.strip() for line in advice.splitlines() if "install" in line[:20])
        assert command in said
        assert "lacks cuBLAS" in said
        assert ("-DCMAKE_CUDA_ARCHITECTURES=86-real" if installed else "`make setup`") in said
        self.toolkit(tmp_path / "cuda")
        assert "lacks" not in doctor._gpu_advice(environ)

    @pytest.mark.parametrize(
        ("pip", "command"),
        [(True, f"{sys.executable} -m pip install --force"), (False, "uv pip install --python")],
    )
    def test_the_doctors_command_is_one_that_is_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pip: bool, command: str
    ) -> None:
        self.gpu(tmp_path, "8.6")
        monkeypatch.setattr("kb.doctor.checkout_data", lambda: None)
        found = PathFinder.find_spec("pip") if pip else None
        monkeypatch.setattr("kb.doctor.PathFinder.find_spec", lambda _: found)
        assert command in doctor._gpu_advice({"PATH": f"{tmp_path / 'bin'}:/usr/bin"})
