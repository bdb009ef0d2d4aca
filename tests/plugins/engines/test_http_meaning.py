"""Servers' words, as they are known from documentation and public reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judgekit.plugins.engines.http_meaning import End, Trouble, end_of, status_of, trouble_of

ENDS = {
    End.STOP: "stop STOP end_turn stop_sequence eos eos_token <|im_end|> COMPLETE FinishReason.STOP"
    " FINISH_REASON_STOP EndTurn",
    End.LENGTH: "length max_tokens MAX_TOKENS model_length model_context_window_exceeded maxTokens"
    " max_output_tokens max_new_tokens token_limit truncated context_length_exceeded ERROR_LIMIT",
    End.CONTENT_FILTER: "content_filter content_filtered safety SAFETY IMAGE_SAFETY RECITATION"
    " sensitive BLOCKLIST PROHIBITED_CONTENT SPII guardrail_intervened LANGUAGE ERROR_TOXIC"
    " FinishReason.SAFETY moderation contentFilter risk_control nsfw",
    End.REFUSAL: "refusal refused",
    End.BROKEN_OFF: "error network_error abort aborted cancelled canceled USER_CANCEL timeout ERROR"
    " insufficient_system_resource incomplete interrupted engine_overloaded failed preempted"
    " killed server_shutdown",
    End.TOOL_CALL: "tool_calls tool_use function_call TOOL_CALL UNEXPECTED_TOOL_CALL",
    End.UNKNOWN: "OTHER FINISH_REASON_UNSPECIFIED repetition pause_turn stop_maybe nonstop weird x"
    " ???",
}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(reason, end) for end, words in ENDS.items() for reason in words.split()]
    + [
        ("content management policy", End.CONTENT_FILTER),
        ("content_filter: PROHIBITED_CONTENT", End.CONTENT_FILTER),
        (None, End.MISSING),
        ("", End.MISSING),
        ({"type": "length", "length": 5}, End.LENGTH),
        ({"type": None}, End.UNKNOWN),
        (["stop", "stop"], End.STOP),
        (["content management policy", "stop"], End.CONTENT_FILTER),
        (["stop", 7], End.UNKNOWN),
        ([], End.MISSING),
        (0, End.UNKNOWN),
        (True, End.UNKNOWN),
        (1.5, End.UNKNOWN),
    ],
)
def test_ends(reason: object, expected: End) -> None:
    assert end_of(reason) is expected


@given(st.text(min_size=1))
def test_what_nobody_knows_is_never_a_stop(reason: str) -> None:
    known = {"".join(c for c in word.lower() if c.isalnum()) for word in ENDS[End.STOP].split()}
    letters = "".join(c for c in reason.lower() if c.isalnum())
    if end_of(reason) is End.STOP:
        assert any(word in letters for word in ("stop", "end", "eo", "complet", "done", "finish"))
        assert letters in known or len(letters) < 20


TOO_LONG = """
400 This model's maximum context length is 4097 tokens. However, your messages resulted in 5000.
400 Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000.
400 Your input exceeds the context window of this model. Please adjust your input and try again.
400 prompt is too long: 210000 tokens > 200000 maximum
400 input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000
400 The decoder prompt (length 5000) is longer than the maximum model length of 4096.
400 max_tokens must be at least 1, got -512.
400 The input (5000 tokens) is longer than the model's context length (4096 tokens).
422 Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs`
422 Input validation error: `inputs` must have less than 1024 tokens. Given: 2000
400 The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).
400 Prompt exceeds max length
400 Prompt 超长
400 Range of input length should be [1, 30720]
400 the request exceeds the available context size, try increasing it
500 the request exceeds the available context size, try increasing it
500 Context size has been exceeded.
500 Requested tokens (5000) exceed context window of 4096
400 Requested tokens (5000) exceed context window of 4096
500 the input length exceeds the context length
400 Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context
400 too many tokens: total number of tokens in the prompt cannot exceed 4081
400 Please reduce the length of the messages or completion.
400 Input is too long for requested model.
400 This model's maximum prompt length is 131072 but the request contains 537812 tokens.
400 invalid params, context window exceeds limit
400 Invalid request: Your request exceeded model token limit: 8192
400 Requested input length 70000 exceeds maximum input length 65536
400 Prompt length 9000 is greater than max_seq_len 4096
400 litellm.ContextWindowExceededError: AnthropicException
400 The estimated number of input and maximum output tokens (9) exceeded this model context window
413 Request Entity Too Large
429 Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000.
400 Error in input stream: This request would exceed the model's context length
400 The total number of tokens in the request exceeds the model's maximum limit of 8192
400 Your prompt is longer than the maximum allowed
400 total tokens of image and text exceed max message tokens
400 Input is too long. Max length is 4096 tokens.
400 litellm.BadRequestError: VertexAIException - The input token count exceeds the maximum
500 slot context size exceeded
500 input is too large to process. increase the physical batch size
500 {"error":"prompt exceeds n_ctx"}
503 Requested tokens (5000) exceed context window of 2048
422 Input validation error: inputs must have less than 4095 tokens. Given: 5012
400 Number of input tokens (9000) has exceeded max_prompt_length (8192) limit.
400 max sequence length exceeded
400 Context length exceeded
400 the prompt has too many tokens
400 messages too long
400 Message is too long
400 request payload is too large
400 Request payload size exceeds the limit: 20971520 bytes.
400 Prompt tokens limit exceeded: 10000 > 8192
400 This model only supports prompts up to 4096 tokens
400 Your messages contain 9000 tokens, but the limit is 8192
400 tokens in prompt (9000) > limit (8192)
400 Prompt 长度超过模型最大限制
400 输入token数超过限制
400 输入内容过长
400 The conversation is too long, please start a new one
400 Requested 9000 tokens, but only 8192 are available
400 n_ctx exceeded
400 prompt too big
500 Input exceeds the context window
"""
CONTENT = """
400 The response was filtered due to the prompt triggering Azure OpenAI's content management policy.
400 Your request was rejected as a result of our safety system.
400 Invalid prompt: your prompt was flagged as potentially violating our usage policy.
403 Content violates usage guidelines.
403 Your input was flagged
403 openai/gpt-4o requires moderation on OpenAI. Your input was flagged for "violence".
400 Input data may contain inappropriate content.
400 Content Exists Risk
400 系统检测到输入或生成内容可能包含不安全或敏感内容
400 The request was rejected because it was considered high risk
400 The prompt contains sensitive words
400 Your prompt was flagged. Repeated violations may lead to your account being suspended.
422 Output blocked by guardrail
451 The content is prohibited by law
400 Your request was blocked because it violates our content guidelines
400 The prompt violates our policies
400 Content blocked
400 Request was rejected by the content filter
403 Content not allowed
400 This prompt may contain disallowed content
400 The response was blocked due to SAFETY
400 Your request may violate our terms of service
400 Input contains harmful content
400 您的输入包含敏感词
403 Request contains policy-violating content
400 Your prompt contains explicit or NSFW content
400 Response blocked by safety settings
422 Potentially unsafe prompt detected
400 Prompt rejected: jailbreak detected
400 Your input image may contain content that is not allowed by our safety system.
400 Moderation: violence detected
400 The text was detected as hate speech
403 Text contains inappropriate information
400 Output data may contain inappropriate content.
"""
ACCOUNT = """
403 Your account has been flagged for suspicious activity and is suspended
400 This organization has been disabled.
403 Your organization has been flagged for violations of our usage policies.
401 Your account has been deactivated
400 Your organization must be verified to use the model `o3`.
403 Your organization org-1 is not verified
429 Your account org-1 <ak-1> is suspended, please check your plan and billing details
429 Your account is not active, please check your billing details on our website.
400 No connected db.
400 User location is not supported for the API use.
403 Country, region, or territory not supported
403 Your access was terminated due to violation of our policies
403 The subscription has been deactivated
403 Your account is suspended
403 Account suspended
403 Account disabled
403 Your account has been banned due to abuse
403 Organization flagged
400 Your organization is not allowed to use this model
403 Your account has been locked
400 Account not verified
403 Please verify your email address
403 Please verify your account
403 Phone verification required
403 User is banned
403 Your user account has been deactivated
400 Your workspace has been deactivated
403 This account is in violation of our policies and has been suspended
403 Your account is under review
403 账户已被禁用
403 This user has been blocked
403 Your organization has been temporarily flagged for suspicious content; it is suspended
"""
CREDIT = """
400 Your credit balance is too low to access the Anthropic API.
403 Access denied, please make sure your account is in good standing.
400 Arrearage
402 anything
429 余额不足或无可用资源包,请充值。
403 You exceeded your current quota, please check your plan and billing details.
429 Your team has either used all available credits or reached its monthly spending limit.
400 Budget has been exceeded! Current cost: 1.2, Max budget: 1.0
403 Key limit exceeded (total limit)
400 insufficient account balance
400 Billing hard limit has been reached
403 user quota is not enough
403 Your account is in arrears
400 Account balance insufficient
400 You have run out of credits
403 Insufficient funds
403 Your quota has been exhausted
400 Quota exceeded
403 Free quota exhausted
403 The free tier of the model has been exhausted.
400 No remaining credits
403 Not enough credits
403 Your credits are used up
400 Please add a payment method
403 Payment method required
403 Your subscription has expired
429 Insufficient balance
429 You have exhausted your credits
403 账户余额不足
403 账户欠费
429 Your prepaid credits are depleted
400 trial expired
"""
KEY = """
401 anything
400 API key not valid. Please pass a valid API key.
400 API key expired. Please renew the API key.
403 Invalid API key
200 login fail: Please carry the API secret key
200 Incorrect API key provided
200 Authentication failed
400 invalid x-api-key
403 The API key you provided is invalid
403 Bad API key
200 invalid token
200 Invalid authentication credentials
200 API key is required
200 You didn't provide an API key
200 Not authenticated
200 Token expired
200 无效的令牌
200 Access denied due to invalid subscription key or wrong API endpoint
"""
OTHER = """
400 Unrecognized request argument supplied: foo
400 max_tokens is too large: 5000. This model supports at most 4096 completion tokens.
422 Input validation error: `max_new_tokens` must be <= 512. Given: 600
400 The maximum tokens you requested exceeds the model limit of 4096.
400 Input should be a valid string
422 messages.0.role: Input should be 'user' or 'assistant' (case-sensitive)
429 Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.
429 You exceeded your current quota, please check your plan and billing details. Retry in 39s.
429 Your account reached max request: 3, please try again after 1 seconds
429 Too many concurrent requests
500 The server had an error while processing your request
503 Your account has been flagged
404 The model `m` does not exist
403 Forbidden
400 invalid request
302 unauthorized
400 Unsupported value: 'temperature' does not support 0 with this model.
400 'messages' is a required property
400 Invalid content type
400 messages: text content blocks must be non-empty
400 Invalid parameter: 'response_format' of type 'json_object' is not supported
422 body.stop: Input should be a valid list
400 max_completion_tokens exceeds maximum of 4096
400 stop: too many stop sequences
400 Requested max_tokens 9000 is greater than the model limit 8192
400 n must be less than or equal to 1
400 The value of max_tokens must be less than 4096 tokens
400 top_logprobs must be <= 5
400 system message must be at the beginning
400 Conversation roles must alternate user/assistant/user/assistant/...
400 After the optional system message, conversation roles must alternate
400 Invalid 'messages[0].content': expected text content
429 Rate limit exceeded: tokens per minute limit 30000
429 Your organization has exceeded its requests per minute limit
429 Resource has been exhausted (e.g. check quota).
429 Quota exceeded for quota metric 'Generate requests per minute'
429 Concurrency limit of your account reached
400 Provider returned error
500 Internal server error: content
400 invalid message format
400 Data type not supported
400 input must be a string
400 Request body violates the JSON schema
400 Request rejected: invalid content type
400 invalid token in grammar
"""
TABLES = {
    Trouble.TOO_LONG: TOO_LONG,
    Trouble.CONTENT: CONTENT,
    Trouble.ACCOUNT: ACCOUNT,
    Trouble.CREDIT: CREDIT,
    Trouble.KEY: KEY,
    Trouble.OTHER: OTHER,
}


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (int(line[:3]), line[4:], trouble)
        for trouble, table in TABLES.items()
        for line in table.strip().splitlines()
    ],
)
def test_troubles(status: int, message: str, expected: Trouble) -> None:
    assert trouble_of(status, message, frozenset()) is expected


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "context_length_exceeded", Trouble.TOO_LONG),
        (500, "exceed_context_size_error", Trouble.TOO_LONG),
        (400, "1261", Trouble.TOO_LONG),
        (400, "content_filter", Trouble.CONTENT),
        (500, "data_inspection_failed", Trouble.CONTENT),
        (429, "insufficient_quota", Trouble.CREDIT),
        (429, "exceeded_current_quota_error", Trouble.CREDIT),
        (400, "arrearage", Trouble.CREDIT),
        (403, "account_suspended", Trouble.ACCOUNT),
        (400, "no_db_connection", Trouble.ACCOUNT),
        (200, "authentication_error", Trouble.KEY),
        (500, "insufficient_quota", Trouble.OTHER),
        (429, "rate_limit_exceeded", Trouble.OTHER),
    ],
)
def test_codes(status: int, code: str, expected: Trouble) -> None:
    assert trouble_of(status, "…", frozenset({code})) is expected


@pytest.mark.parametrize(
    ("numbers", "codes", "expected"),
    [
        ({429}, set(), 429),
        ({40303}, set(), 403),
        ({0, 7}, set(), None),
        ({200}, {"rate_limit_error"}, 429),
        (set(), {"unauthenticated"}, 401),
        (set(), {"whatever"}, None),
    ],
)
def test_the_status_of_an_error_in_a_body(
    numbers: set[int], codes: set[str], expected: int | None
) -> None:
    assert status_of(numbers, codes) == expected


@given(st.integers(100, 599), st.text(max_size=300))
def test_any_words_are_read(status: int, message: str) -> None:
    assert trouble_of(status, message, frozenset()) in Trouble
