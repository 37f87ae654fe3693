"""A real llama.cpp server over a tiny model of random weights: everything about it is real but the sense.

`llama_server` is what tests want. What the model writes are letters without meaning; with a JSON schema as
`response_format` they come in that schema, for llama.cpp's grammar lets nothing else through.
"""

from __future__ import annotations

import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np

CONTEXT = 2048
NAME = "tiny-llama"
SEED = 20
WIDTH, HEADS, LAYERS, HIDDEN = 64, 4, 2, 128
CONTROL = ["<unk>", "<s>", "</s>"]
END = 2
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
# Every printable character of ASCII is a token of its own, or the grammar of a schema has nothing to choose from.
LETTERS = ["▁", *map(chr, range(33, 127))]
TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def write_model(path: Path, context: int = CONTEXT) -> Path:
    """Write the model, half a megabyte and the same each time, as a GGUF file."""
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, context)
    _add_vocabulary(writer)
    _add_weights(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, context: int) -> None:
    writer.add_name(NAME)
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(CONTROL) + len(BYTES) + len(LETTERS))


def _add_vocabulary(writer: gguf.GGUFWriter) -> None:
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * len(BYTES) + [gguf.TokenType.NORMAL] * len(LETTERS)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(CONTROL + BYTES + LETTERS)
    writer.add_token_scores([0.0] * len(kinds))
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def _add_weights(writer: gguf.GGUFWriter) -> None:
    random = np.random.default_rng(SEED)

    def matrix(rows: int, columns: int, scale: float = 0.1) -> np.ndarray:
        return random.normal(0, scale, (rows, columns)).astype(np.float32)

    tokens = len(CONTROL) + len(BYTES) + len(LETTERS)
    embedding, output = matrix(tokens, WIDTH), matrix(tokens, WIDTH)
    # The first dimension is the same for every token, so its weights on the way out are how likely each token is.
    embedding[:, 0], output[:, 0] = 4, _leanings()
    output[END, 1:] = 0
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{name}{norm}.weight", np.ones(WIDTH, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{name}{part}.weight", matrix(WIDTH, WIDTH))
        for part in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"{name}{part}.weight", matrix(HIDDEN, WIDTH))
        writer.add_tensor(f"{name}ffn_down.weight", matrix(WIDTH, HIDDEN))


def _leanings() -> np.ndarray:
    """How much the model leans to each token: to letters, spaces and closing quotes; to no byte that is no text."""
    leanings = [-3.0] * (len(CONTROL) + len(BYTES))
    leanings[END] = 0.3  # the end comes now and then, so that a request without a limit ends
    liked = {"▁": 0.5, '"': 0.4, ".": 0.2, "\\": -1.0}
    leanings += [liked.get(letter, 0.3 if letter.islower() else 0.0) for letter in LETTERS]
    return np.array(leanings, np.float32)


@contextmanager
def llama_server(folder: Path, parallel: int = 1, context: int = CONTEXT) -> Iterator[str]:
    """The OpenAI-compatible server of llama.cpp with the tiny model, on a free port: its address, ending in /v1."""
    model = write_model(folder / "tiny.gguf", context)
    with (
        (folder / "llama.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, __file__, str(model), str(parallel), str(context)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        try:
            yield f"{_first_line(process, folder / 'llama.log')}/v1"
        finally:
            process.kill()


def _first_line(process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> str:
    """The server's first line, its address: it prints it when the model is loaded."""
    assert process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        ready = selector.select(seconds)
    line = process.stdout.readline().decode().strip() if ready else ""
    assert line.startswith("http"), f"the server did not start: {log.read_text()[-2000:]}"
    return line


def _serve(model: str, parallel: str, context: str) -> None:
    """What the child process does: serve until its standard input ends, which it does when the parent dies."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {NAME}
    params.n_parallel = int(parallel)
    params.n_ctx = int(context) * int(parallel)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_ram_mib = 0
    params.fit_params = params.ui = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201
    sys.stdin.read()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
