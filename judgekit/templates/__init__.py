"""Prompt files: found by name or path, checked when loaded, rendered with every text fenced."""

from judgekit.templates.builtin import builtin_dir
from judgekit.templates.head import FORMATS, Head
from judgekit.templates.lookup import Prompts
from judgekit.templates.template import Template

__all__ = ["FORMATS", "Head", "Prompts", "Template", "builtin_dir"]
