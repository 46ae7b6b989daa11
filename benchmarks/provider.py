"""A model server that costs next to nothing, so that the gateway is what is measured.

`python -m benchmarks.provider PORT PIECES MILLISECONDS`: answers chat completions with so many
pieces, one each so many milliseconds, as OpenAI's protocol has it; unstreamed ones at once.
"""

from __future__ import annotations

import asyncio
import json
import sys

_PIECE = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "stub"}
_WHOLE = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "stub",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Dua tahun."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}


def _event(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    line = b"data: " + json.dumps(_PIECE | {"choices": [choice]}).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(line), line)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pieces: int, seconds: float
) -> None:
    word, last = _event({"content": "dua tahun "}), _event({}, "stop")
    done = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
    whole = json.dumps(_WHOLE).encode()
    plain = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not json.loads(body).get("stream"):
                writer.write(plain % (len(whole), whole))
                continue
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            clock = asyncio.get_running_loop().time
            due = clock()
            for _number in range(pieces):
                # By the clock: late pieces do not make the next ones late.
                due += seconds
                await asyncio.sleep(max(0.0, due - clock()))
                writer.write(word)
            writer.write(last + done)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(port: int, pieces: int, seconds: float) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(reader, writer, pieces, seconds)

    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
