"""The list of packages, derived from the tree; everything else stands in pyproject.toml."""

from setuptools import find_packages, setup

INSTALLED_AS = {"plugins": "judgekit.plugins", "prompts": "judgekit.prompts"}

setup(
    packages=[
        *find_packages(include=["judgekit", "judgekit.*"]),
        *(
            name.replace(top, installed, 1)
            for top, installed in INSTALLED_AS.items()
            for name in find_packages(include=[top, f"{top}.*"])
        ),
    ]
)
