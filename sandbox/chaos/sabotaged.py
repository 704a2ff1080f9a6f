"""Runs one program of duepost without one of its protections: `python -m sandbox.chaos.sabotaged NAME MODULE …`."""

import runpy
import sys

from sandbox.chaos.sabotage import SABOTAGES


def main() -> None:
    name, module = sys.argv[1:3]
    SABOTAGES[name]()
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
