"""A BERT encoder in PyTorch, fp32, to be measured beside this project's: started by a benchmark.

    PYTHON tests/benchmarks/torch_bert.py MODEL.npz TOKENS.json THREADS

PYTHON needs torch, transformers and numpy, nothing of this project. ``MODEL.npz`` holds the
weights under llama.cpp's tensor names (float32) and the ``config`` of ``BertModel`` as JSON. Says
``ready``; then each line of standard input is a batch size, answered with the seconds and the
processor seconds that all texts took: sorted by length and padded within a batch, as
sentence-transformers does. The line ``vectors PATH`` saves the vectors (mean over tokens, unit
length, input order).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertModel

NAMES = {
    "token_embd": "embeddings.word_embeddings",
    "position_embd": "embeddings.position_embeddings",
    "token_types": "embeddings.token_type_embeddings",
    "token_embd_norm": "embeddings.LayerNorm",
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}


def model_of(path: Path) -> BertModel:
    arrays = np.load(path)
    model = BertModel(BertConfig(**json.loads(str(arrays["config"]))), add_pooling_layer=False)
    state = {}
    for key in arrays.files:
        parts = key.split(".")
        if parts[0] == "blk":
            name = f"encoder.layer.{parts[1]}.{NAMES[parts[2]]}.{parts[3]}"
        elif key != "config":
            name = f"{NAMES[parts[0]]}.{parts[1]}"
        else:
            continue
        state[name] = torch.from_numpy(arrays[key])
    found = model.load_state_dict(state, strict=False)
    left = set(found.missing_keys) - {"embeddings.position_ids", "embeddings.token_type_ids"}
    if left or found.unexpected_keys:
        message = f"weights do not fit: missing {left}, unexpected {found.unexpected_keys}"
        raise ValueError(message)
    return model.eval()


def embed(model: BertModel, texts: list[list[int]], batch: int) -> torch.Tensor:
    order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
    vectors = torch.empty(len(texts), model.config.hidden_size)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            longest = max(len(texts[row]) for row in rows)
            ids = torch.zeros(len(rows), longest, dtype=torch.long)
            mask = torch.zeros(len(rows), longest, dtype=torch.long)
            for at, row in enumerate(rows):
                ids[at, : len(texts[row])] = torch.tensor(texts[row])
                mask[at, : len(texts[row])] = 1
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
            weight = mask.unsqueeze(-1).float()
            mean = (hidden * weight).sum(1) / weight.sum(1)
            vectors[rows] = torch.nn.functional.normalize(mean, dim=1)
    return vectors


def main() -> None:
    torch.set_num_threads(int(sys.argv[3]))
    model = model_of(Path(sys.argv[1]))
    texts = json.loads(Path(sys.argv[2]).read_text("ascii"))
    print(f"ready torch {torch.__version__}", flush=True)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "vectors":
            np.save(rest, embed(model, texts, 32).numpy())
            print("saved", flush=True)
            continue
        started, used = time.perf_counter(), time.process_time()
        embed(model, texts, int(word))
        print(time.perf_counter() - started, time.process_time() - used, flush=True)


if __name__ == "__main__":
    main()
