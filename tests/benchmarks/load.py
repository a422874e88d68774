"""How `kb serve` stands load: searches a second, latencies and errors by number of clients.

    python tests/benchmarks/load.py [--seconds 20] [--clients 1,8,32]

The samples are read, then each number of clients sends searches one after another, by words and
by meaning, each with a text of its own, so that no cache answers. Printed are searches a second,
median and 95th percentile, answers that were not 200, and the server's memory afterwards.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles

# The package goes before ingest.py in this folder.
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import httpx
from own_server import serving
from processes import resident_mib

from ingest import ingest
from kb import KnowledgeBase, Settings

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
QUESTIONS = (
    "How long is the warranty",
    "如何申请软件著作权",
    "error E-1407",
    "rye bread",
    "租赁合同",
)


def main() -> None:
    """Measure each number of clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", default="1,8,32")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with KnowledgeBase.open(Settings.load(data_dir=Path(folder))) as base:
            ingest(base, [SAMPLES])
        with serving(Path(folder)) as served:
            for clients in map(int, arguments.clients.split(",")):
                print(load(served.url, clients, arguments.seconds))
                print(f"  the server holds {resident_mib(served.process.pid):.0f} MiB")


def load(url: str, clients: int, seconds: float) -> str:
    """Return a line of figures for so many clients at once."""
    times: list[float] = []
    errors: list[str] = []
    end = time.monotonic() + seconds

    def search(client: int) -> None:
        with httpx.Client(base_url=url, timeout=60) as http:
            asked = 0
            while (started := time.monotonic()) < end:
                asked += 1
                question = f"{QUESTIONS[asked % len(QUESTIONS)]} {client}-{asked}"
                try:
                    answer = http.post("/v1/search", json={"query": question, "top_k": 5})
                except httpx.HTTPError as error:
                    errors.append(type(error).__name__)
                    continue
                if answer.status_code == httpx.codes.OK:
                    times.append(time.monotonic() - started)
                else:
                    errors.append(str(answer.status_code))

    threads = [threading.Thread(target=search, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = quantiles(times, n=20) if len(times) > 1 else [0.0] * 19
    return (
        f"{clients} clients: {len(times) / seconds:.1f} searches/s, p50 {cuts[9] * 1000:.0f} ms, "
        f"p95 {cuts[18] * 1000:.0f} ms, not answered {len(errors)} {sorted(set(errors))}"
    )


if __name__ == "__main__":
    main()
