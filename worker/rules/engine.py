"""Who runs the rules' XSLT 2, once for each process?

saxonche, Saxon compiled to a library. Processors made in several threads end the whole process (exit 99, five times of
five with 12.10.1 and 13.1.1); one for all, behind one lock, did not once. It is made at the first document, so after
the fork, and never let go of.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from worker.rules.findings import Broken, broken_rules


class EngineFailed(Exception):  # noqa: N818 - it says what happened, see duepost.errors
    """The rules could not be run; nothing is known of the document."""


class Engine:
    """Compiled rule files; any number of threads may ask, one is served at a time."""

    def __init__(self) -> None:
        self._alone = Lock()
        self._processor: Any = None
        self._compiled: dict[Path, Any] = {}

    def broken(self, xml: str, rule_files: Sequence[Path]) -> list[Broken]:
        """The fatal rules that the document breaks, in the order of the files. Raises: EngineFailed."""
        with self._alone:
            try:
                return [one for result in self._run(xml, rule_files) for one in broken_rules(result)]
            except Exception as trouble:  # noqa: BLE001 - saxonche raises its own kind, and plain ones for what it cannot parse
                raise EngineFailed(type(trouble).__name__) from None

    def _run(self, xml: str, rule_files: Sequence[Path]) -> list[str]:
        if self._processor is None:
            from saxonche import PySaxonProcessor  # noqa: PLC0415 - an extra, and 60 MB for who does not need it

            self._processor = PySaxonProcessor(license=False)
        document = self._processor.parse_xml(xml_text=xml)
        results = []
        for file in rule_files:
            if file not in self._compiled:
                compiler = self._processor.new_xslt30_processor()
                self._compiled[file] = compiler.compile_stylesheet(stylesheet_file=str(file))
            results.append(self._compiled[file].transform_to_string(xdm_node=document))
        return results


ENGINE = Engine()  # the process's own
