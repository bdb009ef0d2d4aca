"""The prompts that come with judgekit, one file each; ``docs/prompts.md`` tells their format."""
