"""How the server is started."""

import subprocess
import sys
import tomllib
from pathlib import Path

from ui.serving import APP, streamlit_options


def test_the_server_listens_on_this_machine_only_and_reports_to_nobody() -> None:
    options = streamlit_options(host="localhost", port=8600)
    assert options["server.address"] == "localhost"
    assert options["server.port"] == 8600
    assert options["browser.gatherUsageStats"] is False
    assert options["server.enableAgentApi"] is False


def test_streamlit_takes_every_option_over_its_files(tmp_path: Path) -> None:
    code = """
from streamlit import config, get_option
from streamlit.starlette import App
from ui.serving import APP, streamlit_options
App(APP)
print(get_option("server.address"), get_option("client.toolbarMode"))
options = streamlit_options(host="127.0.0.1", port=8612)
for name, value in options.items():
    config.set_option(name, value)
print([name for name, value in options.items() if get_option(name) != value])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "localhost viewer\n[]\n"


def test_plain_streamlit_run_is_as_private() -> None:
    config = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "localhost"
    assert config["server"]["maxUploadSize"] == 1
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["showEmailPrompt"] is False


def test_a_redraw_does_not_stop_jobs_for_a_whole_collection_of_garbage() -> None:
    config = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["postScriptGC"] is False


def test_only_the_session_opens_the_knowledge_base() -> None:
    openers = {
        path.name
        for path in APP.parent.rglob("*.py")
        if "KnowledgeBase.open(" in path.read_text(encoding="utf-8")
    }
    assert openers == {"session.py"}
