"""Open WebUI itself with `kb serve` as a tool server: does a chat model find and read documents?

    kb serve --port 8600 &
    python tests/peers/open_webui_tools.py --python /somewhere/owui/bin/python \
        --server http://127.0.0.1:8600

The chat model is a script: it asks for the tool that it is told to, and repeats what it was given.
So all is real but its judgement: Open WebUI reads the server's description, offers its tools to the
model, calls the one that the model asks for, and gives it the result.

The exit status is 0 if a document that was added is found by one tool and read by another one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

# The package goes before what is in this folder.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import httpx
import webui
from chat_server import ChatService

from kb.client import Client

TEXT = "The kestrel of Blackwater hovers above the third lock on Tuesdays."
NAME = "kestrel.txt"
OFFERED = {"search_documents", "read_document", "list_collections", "list_documents"}


def main() -> int:
    """Have a model use two tools, and say what it was told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", type=Path, required=True, help="Python that has open-webui")
    parser.add_argument("--server", required=True, help="URL of `kb serve`")
    parser.add_argument("--key", default="", help="API key of the server, scope write")
    parser.add_argument("--log", type=Path, help="where Open WebUI's log goes")
    options = parser.parse_args()
    model = _Model()
    settings = _settings(options, model.service.model.partition("#")[0])
    with Client(options.server, key=options.key) as base:
        number = base.add(TEXT, name=NAME).document_id
        try:
            with webui.running(options.python, settings, options.log) as web:
                query = {"query": "Where does the kestrel hover?"}
                found = model.told(web, "search_documents", query)
                read = model.told(web, "read_document", {"document_id": number})
        finally:
            base.remove(number)
            model.service.stop()
    well = [
        _said("tools offered", model.offered == OFFERED, ", ".join(sorted(model.offered))),
        _said("search_documents", TEXT in found and NAME in found, _around(found)),
        _said("read_document", TEXT in read, _around(read)),
    ]
    return 0 if all(well) else 1


def _said(what: str, well: bool, told: str) -> bool:  # noqa: FBT001 - one line of the report
    sys.stdout.write(f"{what}: {'well' if well else 'FAILED'}: {told}\n")
    return well


def _around(told: str) -> str:
    at = max(told.find(TEXT), 0)
    return " ".join(told[max(at - 100, 0) : at + 100].split())


def _settings(options: argparse.Namespace, chat_url: str) -> dict[str, str]:
    """Return what a person fills in for the chat model and the tool server."""
    tools = {
        "type": "openapi",
        "url": f"{options.server}/tools",
        "path": "openapi.json",
        "auth_type": "bearer" if options.key else "none",
        "key": options.key,
        "config": {"enable": True},
        "info": {"id": "shelfmark", "name": "Shelfmark", "description": "Search my documents"},
    }
    return {
        "TOOL_SERVER_CONNECTIONS": json.dumps([tools]),
        "ENABLE_OPENAI_API": "true",
        "OPENAI_API_BASE_URLS": chat_url,
        "OPENAI_API_KEYS": "none",
        "OPENAI_API_CONFIGS": json.dumps({"0": {"enable": True, "model_ids": ["tiny"]}}),
        # Whoever picks no engine gets a model from the network.
        "RAG_EMBEDDING_ENGINE": "openai",
        "RAG_OPENAI_API_BASE_URL": f"{options.server}/v1",
        "RAG_OPENAI_API_KEY": options.key or "none",
    }


class _Model:
    """A chat model that asks for one tool, and then repeats all that it is given."""

    def __init__(self) -> None:
        self.service = ChatService(self._reply)
        self.service.streams = False
        self.offered: set[str] = set()
        self._call: dict[str, Any] = {}

    def told(self, web: httpx.Client, name: str, parameters: dict[str, Any]) -> str:
        """Ask in a chat; return what the model is given once its tool was called."""
        self._call = {"name": name, "parameters": parameters}
        body = {
            "model": "tiny",
            "messages": [{"role": "user", "content": "What do my documents say?"}],
            "tool_ids": ["server:shelfmark"],
            "params": {"function_calling": "legacy"},
            "stream": False,
        }
        answer = web.post("/api/chat/completions", json=body).raise_for_status().json()
        return str(answer["choices"][0]["message"]["content"])

    def _reply(self, messages: list[dict[str, str]]) -> str:
        told = "\n".join(str(message["content"]) for message in messages)
        offered = set(re.findall(r'"name": ?"(\w+_\w+)"', told))
        if self._call["name"] in offered:
            self.offered |= offered
            return json.dumps({"tool_calls": [self._call]})
        return told


if __name__ == "__main__":
    sys.exit(main())
