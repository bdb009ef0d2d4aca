"""A judge improved on people's labels, with the gain proved on prompts that nobody has looked at.

`prepare_align` reads the labels and splits their prompts, `align_judge` searches, picks and tests,
and `align` does both. The judge that comes out is a prompt file.
"""

from judgekit.trust.alignment.align import align, align_judge
from judgekit.trust.alignment.prepare import Alignment, AlignOptions, prepare_align

__all__ = ["AlignOptions", "Alignment", "align", "align_judge", "prepare_align"]
