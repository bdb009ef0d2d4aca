"""What a server's answer means: how a reply ended, and whom an error concerns.

The one place that knows servers' words. It fails closed: only ends that are known to be whole are
whole, so a reason that nobody knows is never an answer, while what looks like a filter or a fault
is one, whatever else its name says.
"""

from __future__ import annotations

import re
from collections.abc import Set
from enum import StrEnum

__all__ = ["End", "Trouble", "end_of", "status_of", "trouble_of"]


class End(StrEnum):
    """How a reply ended. The first four are words of `Reply.finish`; the others give no reply."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    BROKEN_OFF = "broken off"
    TOOL_CALL = "tool call"
    MISSING = "missing"
    UNKNOWN = "unknown"


STOPS = frozenset((
    "stop", "stopped", "end_turn", "end_of_turn", "endturn", "end_of_message", "eos", "eos_token",
    "eot", "eot_id", "im_end", "end_of_text", "endoftext", "stop_sequence", "stop_token",
    "stop_string", "stop_str", "stop_word", "stop_words", "complete", "completed", "done", "finish",
    "finished",
))  # fmt: skip
REFUSED = re.compile(r"refus|declin")
FILTERED = re.compile(
    r"filter|safety|recitation|sensitive|block|prohibit|spii|guardrail|moderat|toxic|polic|harm"
    r"|unsafe|inappropriate|violat|profan|censor|^language$|risk|nsfw|hate|violen"
    r"|sexual|copyright|jailbreak|illegal"
)
CUT = re.compile(
    r"(?:^|_)(?:length|max(?:_\w+)?_tokens?|tokens?_(?:limit|budget)|truncated|cut_off"
    r"|output_limit|error_limit|window_exceeded|context_(?:window|limit|size|full|overflow))(?:_|$)"
)
BROKEN = re.compile(
    r"error|abort|cancel|time_?out|timed_out|interrupt|incomplete|disconnect|network|connection"
    r"|insufficient|resource|overload|unavailable|fail|crash|terminated|rate_limit|capacity"
    r"|preempt|evict|kill|shutdown|dead|throttl|exception|server"
)
TOOL = re.compile(r"tool|function_call")
WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Of a list of reasons, one for each turn of a recording, the one that counts is the first of these.
WORST = (End.UNKNOWN, End.BROKEN_OFF, End.TOOL_CALL, End.CONTENT_FILTER, End.REFUSAL, End.LENGTH)


def end_of(reason: object) -> End:
    """How a reply ended, by its `finish_reason` (SGLang's is an object with a `type`)."""
    if reason is None or reason == "":
        return End.MISSING
    if isinstance(reason, dict):
        return end_of(reason["type"]) if isinstance(reason.get("type"), str) else End.UNKNOWN
    if isinstance(reason, list):
        ends = {end_of(one) if isinstance(one, str) else End.UNKNOWN for one in reason}
        return next((end for end in WORST if end in ends), End.STOP if ends else End.MISSING)
    if not isinstance(reason, str):
        return End.UNKNOWN
    words = re.sub(r"[^a-z0-9]+", "_", WORD_START.sub("_", reason[:200]).lower()).strip("_")
    words = words.removeprefix("finish_reason_")
    if words in STOPS:
        return End.STOP
    ends_by_pattern = (
        (REFUSED, End.REFUSAL),
        (FILTERED, End.CONTENT_FILTER),
        (CUT, End.LENGTH),
        (BROKEN, End.BROKEN_OFF),
        (TOOL, End.TOOL_CALL),
    )
    return next((end for pattern, end in ends_by_pattern if pattern.search(words)), End.UNKNOWN)


class Trouble(StrEnum):
    """Whom an error concerns: this case, the account or its key for every call, or neither."""

    CONTENT = "content filter"
    TOO_LONG = "too long"
    CREDIT = "no credit"
    ACCOUNT = "account"
    KEY = "key"
    OTHER = "other"


CONTENT_CODES = frozenset((
    "content_filter", "content_policy_violation", "responsibleaipolicyviolation",
    "data_inspection_failed", "datainspectionfailed", "invalid_prompt", "contentfiltered",
    "guardrail_intervened", "1301",
))  # fmt: skip
CONTENT_TEXT = re.compile(
    r"content[ _-]?(?:management )?(?:filter|polic|moderation|exists risk)"
    r"|usage (?:polic|guideline)|responsible ai|guardrail"
    r"|safety (?:system|filter|polic|guideline|check|setting|reason)|moderation"
    r"|\b(?:content|prompt|input|request|messages?|output|text|question|conversation|data)\b"
    r"[^.;]{0,60}?(?:flagged|violat(?![^.;]{0,40}(?:schema|constraint|format))|inappropriate"
    r"|(?<!case )(?<!case-)sensitive|unsafe|harmful"
    r"|offensive|prohibited|disallowed|(?:high|security)[ -]risk|safety|explicit|nsfw|jailbreak"
    r"|hate speech)"
    r"|content (?:is |was |has been )?(?:blocked|rejected|not allowed)"
    r"|(?:blocked|rejected|refused)[^.;]{0,30}\b(?:safety|content(?![- ]?(?:type|length)))"
    r"|(?:inappropriate|(?<!case )(?<!case-)sensitive|unsafe|harmful|offensive|prohibited|illegal)"
    r" (?:content|information|input|prompt|language|material|words?)\b"
    r"|block_?reason|敏感|违规|不安全|内容审核|风险内容",
    re.IGNORECASE,
)
LENGTH_CODES = frozenset((
    "context_length_exceeded", "string_above_max_length", "exceed_context_size_error", "1261",
    "contextwindowexceedederror", "model_max_prompt_tokens_exceeded",
))  # fmt: skip
LENGTH_TEXT = re.compile(
    r"\b(?:context|prompt|input|sequence)s?[ _](?:length|window|size|limit)|context_?window"
    r"|too many (?:\w+ )?tokens|max_seq_len|n_ctx|context shift|reduce the length|shorten your"
    r"|\b(?:prompt|inputs?|request|string|messages?|conversation|text|context)\b`?"
    r"(?: (?!max)\w+){0,3}? too (?:long|large|big)"
    r"|max(?:imum|\.)? (?:model |allowed )?(?:context|input|prompt|sequence)"
    r"|\b(?:prompt|inputs?(?! validation)|context|messages?|sequence"
    r"|(?<!max )(?<!maximum )tokens?(?! per)|token count)\b"
    r"[^;]{0,80}?\b(?:exceed|(?:longer|greater|larger|more) than|must be <|must have less)"
    r"[^;]{0,60}\b(?:context|max\w*|limit|lengths?|window|allowed|supported|tokens?|\d{3,})\b"
    r"|exceed\w* (?:the |this )?(?:model(?:['’]s)? token limit|context)"
    r"|max_(?:completion_)?tokens must be at least 1, got -|payload size exceed"
    r"|(?:prompt|input)s? up to \d|\btokens\b[^;]{0,40}> ?(?:the )?(?:limit|max|\d{3,})"
    r"|\d tokens\b[^;]{0,40}\b(?:limit|only|max(?:imum)?)\b[^;]{0,20}\d"
    r"|(?:prompt|输入|上下文|tokens?|长度)[^。]{0,20}(?:超过|超出|超长|过长)",
    re.IGNORECASE,
)
# A request that alone is more than a minute's tokens is refused as 429, and waiting is no help.
LARGER_THAN_RATE = re.compile(r"request too large", re.IGNORECASE)

CREDIT_CODES = frozenset((
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
    "insufficient_balance", "insufficient_user_quota", "exceeded_current_quota_error",
    "arrearage", "budget_exceeded", "1113",
))  # fmt: skip
CREDIT_TEXT = re.compile(
    r"insufficient[ _](?:\w+ )?(?:balance|credit|fund|quota)|balance (?:is )?(?:too low|not"
    r"|insufficient)|out of credits?|(?:no|not enough|no remaining) credits?\b|credit limit"
    r"|credits?\b[^.;]{0,20}(?:used up|exhaust|deplet)|exhausted (?:all )?(?:your|the) credits"
    r"|arrear|good standing|overdue|payment (?:method|required)|subscription (?:has )?expired"
    r"|billing (?:hard limit|is|has|not)|enable billing|spending limit"
    r"|all (?:available |of your )?credits|(?:free )?trial[^.;]{0,30}(?:ended|expired)"
    r"|余额不足|欠费|额度(?:不足|已用)",
    re.IGNORECASE,
)
# At 429 these words are those of an ordinary rate limit (Gemini's, for one).
QUOTA_TEXT = re.compile(
    r"quota|billing|free tier"
    r"|(?:budget|key limit|monthly limit|usage limit)[^.;]{0,30}(?:exceed|reach)"
    r"|(?:exceed|reach)\w* (?:your |the |its )?(?:budget|key limit|monthly|usage limit)",
    re.IGNORECASE,
)
ACCOUNT_CODES = frozenset((
    "account_deactivated", "account_suspended", "account_disabled", "access_terminated",
    "no_db_connection", "organization_disabled", "unsupported_country_region_territory",
))  # fmt: skip
SUBJECT = r"(?:account|organi[sz]ation|workspace|project|subscription|team|tenant)"
CASE = r"(?:content|prompt|input|request|message|output|text)"
ACCOUNT_TEXT = re.compile(
    rf"\b{SUBJECT}\b(?!['’]s)(?: (?!{CASE})\S+){{0,4}}? (?:has been|have been|is|was|are)"
    r" (?!temporar)(?:\w+ ){0,2}?(?:flagged|suspended|deactivated|disabled|banned|blocked"
    r"|terminated|closed|restricted|inactive|not active|locked|frozen|expired|overdue"
    r"|not verified|unverified|past due)"
    rf"|\b{SUBJECT}\b(?!['’]s)[^.]{{0,80}}\b(?:has been|is|was) (?:suspended|deactivated|disabled"
    r"|banned|terminated|under review|not (?:allowed|permitted|authori[sz]ed|entitled))"
    rf"|\b{SUBJECT} (?:flagged|suspended|deactivated|disabled|banned|locked|not verified|inactive)"
    r"|\buser (?:has been|is|was) (?:banned|blocked|suspended|disabled|deactivated)"
    r"|verify your (?:email|phone)|(?:email|phone) verification required"
    rf"|\b(?:suspended|deactivated|disabled|banned|terminated|unverified|inactive) {SUBJECT}\b"
    rf"|{SUBJECT} (?:must be|needs? to be) verified|verify your (?:\w+ )?{SUBJECT}"
    r"|access (?:was|has been|is) terminated|no connected db"
    r"|(?:country|region|territory|location)\b[^.;]{0,40}\bnot (?:supported|available|allowed)"
    r"|not (?:supported|available|allowed) in your (?:country|region|territory|location)"
    r"|账[户号][^。]{0,10}(?:禁用|封禁|冻结|停用)",
    re.IGNORECASE,
)
KEY_CODES = frozenset((
    "invalid_api_key", "authentication_error", "unauthenticated", "unauthorized",
    "invalid_authentication", "invalid_authentication_error", "authenticationerror",
    "api_key_invalid", "invalid_key", "incorrect_api_key",
))  # fmt: skip
KEY_TEXT = re.compile(
    r"(?:invalid|incorrect|wrong|missing|unknown|expired|bad|no) (?:\w+ |x-)?(?:api[ _-]?key"
    r"|subscription key|credentials|access token|auth\w* token|authentication)"
    r"|provide (?:an?|your) (?:valid )?api[ _-]?key"
    r"|(?:api[ _-]?key|access token|credentials)(?: provided| you \w+)? (?:is |was |has |are )?"
    r"(?:not valid|invalid|incorrect|missing|expired|required|revoked|disabled|blocked"
    r"|suspended|inactive|not active)"
    r"|authentication (?:fail|error|required)|unauthenticated|unauthori[sz]ed|login fail"
    r"|not authenticated|could not validate credentials",
    re.IGNORECASE,
)


# Elsewhere a token may be one of a text.
TOKEN_TEXT = re.compile(r"(?:invalid|expired) token|token (?:has )?expired|令牌", re.IGNORECASE)


def trouble_of(status: int, message: str, codes: Set[str]) -> Trouble:
    """Whom an error concerns.

    The account comes before the case: a server that has flagged an account says the words of its
    content filter. At a 5xx only codes and lengths count: its words are those of some other server.

    Args:
        status: The HTTP status, or the one that the error's body stands for.
        message: The server's message.
        codes: Its codes, in lower case.
    """
    if 300 <= status < 400:
        return Trouble.OTHER
    trusts_text = status < 500
    if trusts_text and (trouble := _account(status, message, codes)) is not None:
        return trouble
    if status == 429:
        return Trouble.TOO_LONG if LARGER_THAN_RATE.search(message) else Trouble.OTHER
    if codes & CONTENT_CODES:
        return Trouble.CONTENT
    if trusts_text and status not in (404, 405) and CONTENT_TEXT.search(message):
        return Trouble.CONTENT
    if status == 413 or codes & LENGTH_CODES:
        return Trouble.TOO_LONG
    if status not in (403, 404) and LENGTH_TEXT.search(message):
        return Trouble.TOO_LONG
    return Trouble.OTHER


def _account(status: int, message: str, codes: Set[str]) -> Trouble | None:
    """What is wrong with the account or its key; None if it is neither."""
    if codes & ACCOUNT_CODES:
        return Trouble.ACCOUNT
    if status == 402 or codes & CREDIT_CODES or CREDIT_TEXT.search(message):
        return Trouble.CREDIT
    if ACCOUNT_TEXT.search(message):
        return Trouble.ACCOUNT
    if status != 429 and QUOTA_TEXT.search(message):
        return Trouble.CREDIT
    if status == 401 or (status != 429 and (codes & KEY_CODES or KEY_TEXT.search(message))):
        return Trouble.KEY
    if status in (200, 403) and TOKEN_TEXT.search(message):
        return Trouble.KEY
    return None


STATUSES = {
    **dict.fromkeys(KEY_CODES, 401),
    **dict.fromkeys(("permission_denied", "permission_error", "permission-denied"), 403),
    **dict.fromkeys(("not_found", "not_found_error", "model_not_found"), 404),
    **dict.fromkeys(("invalid_request_error", "invalid_argument", "badrequesterror"), 400),
    **dict.fromkeys(("rate_limit_error", "rate_limit_exceeded", "resource_exhausted"), 429),
    **dict.fromkeys(("overloaded_error", "unavailable", "service_unavailable"), 503),
    **dict.fromkeys(("api_error", "internal", "internal_error", "server_error"), 500),
    **dict.fromkeys(("timeout_error", "deadline_exceeded"), 504),
}


def status_of(numbers: Set[int], codes: Set[str]) -> int | None:
    """The HTTP status that an error in a body of status 200 stands for; None if it says none.

    Args:
        numbers: Its codes that are numbers; 40303 (FastChat's way) stands for 403.
        codes: Its codes, in lower case.
    """
    for number in sorted(numbers):
        status = number // 100 if 40000 <= number < 60000 else number
        if 400 <= status < 600:
            return status
    return next((STATUSES[code] for code in sorted(codes) if code in STATUSES), None)
