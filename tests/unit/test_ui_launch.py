"""How the server is started."""

import tomllib

from ui.launch import APP, streamlit_arguments


def test_the_server_listens_on_this_machine_only_and_reports_to_nobody() -> None:
    arguments = streamlit_arguments(port=8600, headless=True)
    assert arguments[:2] == ["run", str(APP)]
    assert "--server.address=localhost" in arguments
    assert "--browser.gatherUsageStats=false" in arguments
    assert "--server.port=8600" in arguments
    assert "--server.headless=true" in arguments


def test_plain_streamlit_run_is_as_private() -> None:
    config = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "localhost"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["showEmailPrompt"] is False


def test_only_the_session_opens_the_knowledge_base() -> None:
    openers = {
        path.name
        for path in APP.parent.rglob("*.py")
        if "KnowledgeBase.open(" in path.read_text(encoding="utf-8")
    }
    assert openers == {"session.py"}
