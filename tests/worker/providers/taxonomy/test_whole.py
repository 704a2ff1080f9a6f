"""Has every section of the taxonomy its test, and every deviation its row?"""

import re
from pathlib import Path

from tests.worker.providers.taxonomy.deviations import DEVIATIONS
from tests.worker.providers.taxonomy.rows import TAXONOMY, key

CALLS = re.compile(r'@pytest\.mark\.parametrize\(\("row", "name", "meaning"\), rows\("(\w+)"\)\)')
TESTED = {found for file in Path(__file__).parent.glob("test_*.py") for found in CALLS.findall(file.read_text())}


def test_every_section_has_a_test_of_all_its_rows() -> None:
    assert set(TAXONOMY) == TESTED


def test_no_two_rows_have_one_name() -> None:
    for section, table in TAXONOMY.items():
        assert len({name for name, *_ in table}) == len(table), section


def test_every_deviation_is_of_a_row_and_has_its_reason() -> None:
    keys = {key(section, name) for section, table in TAXONOMY.items() for name, *_ in table}
    of_reports = {key("twilio in a report", name) for name, *_ in TAXONOMY["twilio"]}
    assert set(DEVIATIONS) <= keys | of_reports
    assert all(len(why) > 20 for _, why in DEVIATIONS.values())
