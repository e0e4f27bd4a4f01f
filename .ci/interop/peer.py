"""What both checks share: the simulator's state file, and counting what holds."""

import json
import pathlib
import sys


class Peer:
    """One simulated device, as `gitfabric simulate --state DIR` describes it."""

    def __init__(self, folder, device):
        state = json.loads(pathlib.Path(folder, "simulator.json").read_text())
        self.authority = state["authority"]
        self.username = state["username"]
        self.password = state["password"]
        self.device = device
        host, port = state["devices"][device].rsplit(":", 1)
        self.address = (host, int(port))

    @property
    def metadata(self):
        return [("username", self.username), ("password", self.password)]


class Checks:
    """Runs one check after the other; a failure stops none of the others."""

    def __init__(self):
        self.failed = 0

    def check(self, what, test):
        try:
            test()
        except Exception as error:  # a check may fail in any way
            self.failed += 1
            print(f"FAILED  {what}: {type(error).__name__}: {error}")
        else:
            print(f"ok      {what}")

    def finish(self):
        sys.exit(1 if self.failed else 0)


def same(seen, expected):
    if seen != expected:
        raise AssertionError(f"{seen!r} is not {expected!r}")
