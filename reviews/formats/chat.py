"""Chat messages as OpenAI's fine-tuning takes them: one object with `messages` a line."""

from __future__ import annotations

from reviews.formats import Example, FormatError, read_object, text, write

NAME = "chat"


def dumps(example: Example) -> bytes:
    turns = [*example.history, ("user", example.input), ("assistant", example.output)]
    if example.system:
        turns.insert(0, ("system", example.system))
    return write({"messages": [{"role": role, "content": words} for role, words in turns]})


def loads(line: bytes) -> Example:
    messages = read_object(line).get("messages")
    if not isinstance(messages, list) or not messages:
        raise FormatError("messages", "a list of messages is needed")
    turns = []
    for position, message in enumerate(messages):
        field = f"messages[{position}]"
        if not isinstance(message, dict) or set(message) - {"role", "content", "weight"}:
            raise FormatError(field, "only role and content can be read")
        role = message.get("role")
        if role not in ("system", "user", "assistant") or (role == "system" and position):
            raise FormatError(f"{field}.role", "user or assistant is needed, system only first")
        turns.append((str(role), text(message, "content")))
    system = turns.pop(0)[1] if turns[0][0] == "system" else ""
    if [role for role, _words in turns[-2:]] != ["user", "assistant"]:
        raise FormatError("messages", "must end with a user and an assistant message")
    return Example(turns[-2][1], turns[-1][1], system, tuple(turns[:-2]))
