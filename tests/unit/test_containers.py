"""What the Dockerfile and compose.yaml promise: no root, little to write to, health, secrets."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SECRETS = ("server_api_key", "ui_password_hash")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, each on one line, without comments."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    pairs = (line.split(None, 1) for line in text.splitlines() if line.strip())
    return [(name, rest) for name, rest in pairs]


def last_stage() -> list[tuple[str, str]]:
    every = instructions()
    start = max(index for index, (name, _) in enumerate(every) if name == "FROM")
    return every[start:]


def value_of(name: str) -> str:
    return next(rest for found, rest in reversed(last_stage()) if found == name)


def test_the_image_runs_as_an_ordinary_user_by_number() -> None:
    # By number, so that an orchestrator can tell that it is not root.
    user, group = value_of("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_every_base_image_has_a_tag_that_moves_within_one_release_only() -> None:
    bases = [rest for name, rest in instructions() if name == "ARG" and "_IMAGE=" in rest]
    assert bases
    assert all(re.search(r":(?!latest)\S+$", base) for base in bases)


def test_what_builds_stays_out_of_the_image() -> None:
    installed = " ".join(rest for name, rest in last_stage() if name == "RUN")
    assert "g++" not in installed
    assert "python3-venv" not in installed
    assert all(
        "rm -rf /var/lib/apt/lists" in rest for _, rest in instructions() if "apt-get" in rest
    )


def test_the_image_is_built_by_the_set_up_of_a_checkout() -> None:
    assert any("python3 kb/install" in rest for _, rest in instructions())
    copied = " ".join(rest for name, rest in instructions() if name == "COPY").split()
    for name in (*ROOT.glob("requirements*.txt"), ROOT / "pyproject.toml", ROOT / "data/samples"):
        assert str(name.relative_to(ROOT)) in copied


def test_settings_of_pip_are_secrets_of_the_build_and_compiled_wheels_are_kept() -> None:
    build = next(rest for name, rest in instructions() if name == "RUN" and "kb/install" in rest)
    mounts = re.findall(r"--mount=(\S+)", build)
    assert mounts == [
        "type=cache,target=/root/.cache",
        "type=secret,id=pip.conf,target=/etc/pip.conf",
        "type=secret,id=certificates",
    ]
    # What the secrets are for stands in the page that names them.
    page = (ROOT / "docs" / "containers.md").read_text("utf-8")
    assert all(f"--secret id={name}," in page for name in ("pip.conf", "certificates"))


def test_the_context_holds_what_is_copied_and_no_data_of_the_user() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    assert ignored.index("data/*") < ignored.index("!data/samples")


def test_the_image_and_every_service_say_whether_they_are_well(services: dict[str, Any]) -> None:
    assert "/healthz" in value_of("HEALTHCHECK")
    assert "/healthz" in services["server"]["healthcheck"]["test"][-1]
    assert "/_stcore/health" in services["browser"]["healthcheck"]["test"][-1]


def test_services_write_to_one_volume_and_a_temporary_folder_only(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
        assert service["volumes"] == ["data:/data"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
    environment = value_of("ENV")
    assert "KB_DATA_DIR=/data" in environment
    assert "HOME=/tmp" in environment


def test_ports_are_open_to_this_machine_only(services: dict[str, Any]) -> None:
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_secrets_are_files_and_stand_in_no_variable(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service["environment"].items():
            assert name.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert sorted(name for each in services.values() for name in each["secrets"]) == list(SECRETS)


def test_secrets_are_kept_out_of_the_repository() -> None:
    assert "secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        ["hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
