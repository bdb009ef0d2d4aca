from __future__ import annotations

from judgekit.config.files import file_settings
from judgekit.config.reference import project_table, user_table


def test_every_entry_of_a_project_has_its_row() -> None:
    rows = project_table().splitlines()[2:]
    assert len(rows) == len(file_settings())
    assert any(row.startswith("| `timeout` | number | `120.0` | all that ask") for row in rows)
    assert any(row.startswith("| `inconsistent` | `half` or `drop` | `half` |") for row in rows)
    assert any(row.startswith("| `[columns]` | table |") for row in rows)
    assert any(row.startswith("| `model` | text |  | all that judge |") for row in rows)
    assert all(row.count(" | ") == 4 for row in rows)


def test_every_entry_of_an_endpoint_has_its_row() -> None:
    rows = user_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [
        *("base_url", "key_env", "rpm", "tpm", "price", "engine")
    ]
    assert rows[0].startswith("| `base_url` | text | required |")
    assert rows[2].startswith("| `rpm` | number |  |")
