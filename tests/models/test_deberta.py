from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
deberta = pytest.importorskip("judgekit.models.deberta")


@pytest.mark.parametrize("farthest", [512, 128])
def test_buckets_are_the_librarys(farthest: int) -> None:
    from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

    buckets = farthest // 2
    size = deberta.Size(64, 1, 1, 64, 9, buckets, farthest)
    distances = torch.arange(-2100, 2101)
    library = make_log_bucket_position(distances, buckets, farthest).long() + buckets
    expected = library.clamp(0, 2 * buckets - 1)
    assert torch.equal(deberta.bucket(distances, size), expected)
