"""The stand-ins speak the real protocols: the makers' own clients understand them.

google-genai's is behind the tests of the Gemini provider; this is OpenAI's.
"""

from __future__ import annotations

import openai
import pytest

from tests.tuning.providers.standins import OpenAIServer

ASKED = {"model": "m", "messages": [{"role": "user", "content": "Berapa lama?"}]}


@pytest.fixture
def server():
    with OpenAIServer("Dua tahun saja.") as server:
        yield server


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.url, api_key="kunci", max_retries=0) as client:
        yield client


def test_openai_s_client_reads_a_whole_answer(client):
    done = client.chat.completions.create(**ASKED)
    assert done.choices[0].message.content == "Dua tahun saja."
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (12, 5)


def test_openai_s_client_reads_a_stream(client):
    counted = {"include_usage": True}
    events = list(client.chat.completions.create(**ASKED, stream=True, stream_options=counted))
    texts = [event.choices[0].delta.content for event in events if event.choices]
    assert texts == ["", "Dua ", "tahun ", "saja.", None]
    assert events[-1].usage.total_tokens == 17


def test_openai_s_client_reads_an_error(client, server):
    server.statuses = [429]
    with pytest.raises(openai.RateLimitError, match="server says no"):
        client.chat.completions.create(**ASKED)
