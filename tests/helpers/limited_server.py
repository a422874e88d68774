"""``kb serve`` with bounds of a test's choice, given as JSON."""

from __future__ import annotations

import json
import sys

from kb import KnowledgeBase, Settings
from kb.server.limits import Limits
from kb.server.running import serve

if __name__ == "__main__":
    with KnowledgeBase.open(Settings.load()) as base:
        serve(
            base,
            host="127.0.0.1",
            port=0,
            limits=Limits(**json.loads(sys.argv[1])),
            announce=lambda url: sys.stderr.write(f"serving the tests on {url}\n"),
        )
