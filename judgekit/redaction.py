"""Redaction: no secret leaves the process but to the server that it is for.

Two things are known of secrets: those that this process holds itself (`hide`), and the forms that
issuers give to their keys. Whatever is written or printed passes `redact` or `redact_bytes`, which
know the first kind only: texts under judgement may well hold things of a key's form, and stay as
they are. Every message of ours passes `redact_message`, which knows both kinds.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote, unquote

__all__ = [
    "forget_secrets",
    "hide",
    "hide_user",
    "holds_key",
    "redact",
    "redact_bytes",
    "redact_message",
]

SHOWN = "[key]"
LONG, SHORT = 8, 6  # characters from which a text is hidden, and from which one with a digit is

ISSUERS = "sk|pk|rk|gsk|xai|pplx|r8|nvapi|glpat|csk|fw|tgp|pcsk|jina|ghp|gho|ghu|ghs|ghr|npm"
FORM = re.compile(
    rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_]-)(?:(?:{ISSUERS})[-_](?=[\w-]{{12}})"
    r"(?:[A-Za-z0-9]{0,64}[-_]){0,6}?(?:(?=[A-Za-z]{0,64}\d)[A-Za-z0-9]{8,}|[A-Za-z0-9]{20,})[\w-]*"
    r"|dapi[0-9a-f]{32}|hf_[A-Za-z0-9]{16,}|github_pat_\w{20,}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|AIza[\w-]{20,}|ya29\.[\w.-]{20,}|eyJ[\w-]{8,400}+\.[\w-]{8,}(?:\.[\w-]*)?|xox[a-z]-[\w-]{10,}"
    r"|[Bb]earer\s+(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
)
"""A key by the form that its issuer gives it. Bounds keep the search linear in the text."""

USER = re.compile(r"://[^\s/@\"']{1,1000}@")
QUERY = re.compile(
    r"([?&](?:[\w-]{0,20}(?:key|token|secret|passw\w{0,10}|signature|credential)|sig|code|pwd)=)"
    r"[^&\s\"'#)]+",
    re.IGNORECASE,
)

_hidden: set[str] = set()
_longest_first: list[str] = []


def hide(*secrets: str) -> None:
    """Takes secrets whose every occurrence is to be redacted from now on.

    Texts that are too short to be told from ordinary words are ignored.
    """
    for secret in map(str.strip, secrets):
        if len(secret) >= LONG or (len(secret) >= SHORT and any(map(str.isdigit, secret))):
            _hidden.update((secret, quote(secret, safe=""), json.dumps(secret)[1:-1]))
    _longest_first[:] = sorted(_hidden, key=len, reverse=True)


def hide_user(url: str) -> None:
    """Hides the user and the password of a URL, also of one that cannot be parsed."""
    user, at, _ = url.rpartition("@")
    if at:
        user = user.rpartition("//")[2] if "//" in user else user
        name, _, password = user.partition(":")
        hide(user, password, unquote(password), *([] if password else [name]))


def forget_secrets() -> None:
    """Hides nothing any more."""
    _hidden.clear()
    _longest_first.clear()


def holds_key(text: str) -> bool:
    """Whether something in a text has the form of a key."""
    return FORM.search(text) is not None


def redact(text: str) -> str:
    """The text without the secrets that this process holds."""
    for secret in _longest_first:
        text = text.replace(secret, SHOWN)
    return text


def redact_bytes(data: bytes) -> bytes:
    """As `redact`, for what goes into a file."""
    for secret in _longest_first:
        data = data.replace(secret.encode("utf-8", "surrogatepass"), SHOWN.encode())
    return data


def redact_message(text: str) -> str:
    """A message without secrets, those of which only the form is known included."""
    text = QUERY.sub(rf"\1{SHOWN}", USER.sub(f"://{SHOWN}@", redact(text)))
    return FORM.sub(SHOWN, text)
