"""The demo's model server: llama.cpp's own HTTP server, as a process of its own.

In: the path of a `.gguf` file. Out: one line on stdout, the server's address, once the model
answers there; then OpenAI's API on that address until stdin ends. Never: a port that other machines
reach, or a life longer than that of the process that started it.

Run as `python -m router.demo.model_server FILE` with stdin held open by the starter, whose end,
however sudden, closes it.
"""

import os
import sys
from pathlib import Path
from typing import Final

import xllamacpp

SLOTS: Final = 2
"""Requests answered at the same time; more wait."""
TOKENS_PER_SLOT: Final = 4096
LONGEST_ANSWER: Final = 256
"""Tokens, where the request names no number: a model this small often finds no end by itself."""
THREADS: Final = max(1, min(4, (os.cpu_count() or 1) - 1))
"""One core stays free: llama.cpp's threads wait for each other at every step, so a single one that
has to share its core slows all of them down twentyfold."""


def parameters(file: Path) -> xllamacpp.CommonParams:
    """Return llama.cpp's settings: a free loopback port, little memory, no talk."""
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.model_alias = {file.stem}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * TOKENS_PER_SLOT
    params.n_predict = LONGEST_ANSWER
    params.cpuparams.n_threads = THREADS
    params.cpuparams_batch.n_threads = THREADS
    params.cache_ram_mib = 0
    params.ui = False
    params.verbosity = 0
    return params


def main() -> None:
    """Load the model, say where it answers, and stay until stdin ends."""
    server = xllamacpp.Server(parameters(Path(sys.argv[1])))
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    # Not `return`: the server's destructor waits for ever when it comes soon after the start.
    os._exit(0)


if __name__ == "__main__":
    main()
