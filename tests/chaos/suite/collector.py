"""The program that the agent runs as a collector: prints numbered frames (mode `feed`).

    collector.py NAME FOLDER RATE LIFE

Each start takes a run of its own, so that no number is ever printed twice, and leaves in `run.N`
who it is and which LIFE of the agent it was started in. It prints RATE frames a second. In FOLDER
`orders.NAME` says what to do beside that, a line `BURSTS FRAMES QUIET`: how many bursts were
ordered until now and of how many frames, and whether to be quiet. A quiet one leaves in
`run.N.count` how much it has printed.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from suite import frames  # noqa: E402

TICK = 0.02
CHUNK = 500  # Frames printed at once, so that an order is soon seen.


def claim_run(folder: pathlib.Path, text: str) -> int:
    """The first number that nobody has had; its file is there with its text or not at all."""
    draft = folder / f"draft.{os.getpid()}"
    draft.write_text(text, "ascii")
    run = 0
    while True:
        try:
            os.link(draft, folder / f"run.{run}")
            return run
        except FileExistsError:
            run += 1


class Printer:
    def __init__(self, name: str, folder: pathlib.Path, life: str) -> None:
        self.name = name
        self.folder = folder
        self.run = claim_run(folder, f"{name} {life}\n")
        self.printed = 0

    def print(self, count: int) -> None:
        now = int(time.time())
        while count > 0:
            part = min(count, CHUNK)
            first = self.run * frames.RUN + self.printed
            octets = "".join(frames.line(now, first + i, self.name) for i in range(part)).encode()
            while octets:
                octets = octets[os.write(1, octets):]
            self.printed += part
            count -= part

    def tell(self) -> None:
        path = self.folder / f"run.{self.run}.count"
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.write_text(f"{self.printed}\n", "ascii")
            draft.rename(path)


def main() -> None:
    name, folder, rate = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
    printer = Printer(name, folder, sys.argv[4])
    began = time.monotonic()
    agent = os.getppid()
    steady = bursts = 0
    first = True
    while os.getppid() == agent:
        ordered, size, quiet = map(int, (folder / f"orders.{name}").read_text("ascii").split())
        if first:
            bursts, first = ordered, False
        if quiet:
            printer.tell()
        else:
            due = int((time.monotonic() - began) * rate)
            printer.print(due - steady)
            steady = due
            if ordered > bursts:
                bursts = ordered
                printer.print(size)
        time.sleep(TICK)


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(1)
