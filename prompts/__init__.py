"""The prompts that come with judgekit, one file each; docs/guides/prompts.md has the format."""
