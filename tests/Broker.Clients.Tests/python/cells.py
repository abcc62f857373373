"""What the programs share: they try one feature after the other and print a line for each (see ProgramClient)."""
import sys
import time
import traceback

PATIENCE = 30


class Absent(Exception):
    """The client has no such feature."""


def until(reached, what):
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"not in time: {what}"


def equal(expected, actual):
    assert expected == actual, f"expected {expected}, got {actual}"


def report(features):
    for name, feature in features.items():
        try:
            feature()
            print(f"ok\t{name}", flush=True)
        except Absent as e:
            print(f"-\t{name}\t{e}", flush=True)
        except Exception as e:  # whatever goes wrong belongs into this feature's cell; the others are still tried
            where = traceback.extract_tb(e.__traceback__)
            lines = [f"{f.name}:{f.lineno}" for f in where if f.filename == sys.argv[0]]
            print(f"FAILED\t{name}\t{type(e).__name__}: {e} at {' '.join(lines)}".replace("\n", " "), flush=True)
