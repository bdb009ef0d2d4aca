"""Prompt files: found by name or path, checked when loaded, rendered with fenced texts."""

from judgekit.judging.templates.builtin import builtin_dir
from judgekit.judging.templates.head import FORMATS, Head
from judgekit.judging.templates.lookup import Prompts
from judgekit.judging.templates.template import Template

__all__ = ["FORMATS", "Head", "Prompts", "Template", "builtin_dir"]
