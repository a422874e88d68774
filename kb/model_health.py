"""Health check of an installed model, by trying its task."""

from __future__ import annotations

from contextlib import closing

from kb.embedding.checking import Finding, ModelCheck, check_model, checksum
from kb.errors import KnowledgeBaseError
from kb.models.known import Kind
from kb.models.registry import ModelFile
from kb.settings import Settings

QUESTION = "How long does dough rest?"
ANSWERS = "The dough has to rest for an hour before baking."
OTHER = "In winter the mountain path is closed because of avalanches."

_ANSWER_TOKENS = 32
_SHOWN_CHARACTERS = 60


def check(file: ModelFile, kind: Kind, settings: Settings) -> ModelCheck:
    """Load a model file and examine it. A file that fails to load gives a finding, not an error."""
    if kind == "embedding":
        return check_model(file, n_gpu_layers=settings.n_gpu_layers, threads=settings.threads)
    findings = [checksum(file)]
    try:
        asked = _reranker if kind == "reranking" else _chat
        findings.append(asked(file, settings))
    except KnowledgeBaseError as error:
        findings.append(Finding(name="works", ok=False, detail=str(error)))
    return ModelCheck(model=file.model_id, path=str(file.path), findings=tuple(findings))


def _reranker(file: ModelFile, settings: Settings) -> Finding:
    from kb.reranking.llama import LlamaReranker  # noqa: PLC0415 - llama.cpp takes a second to load

    opened = LlamaReranker(file, n_gpu_layers=settings.n_gpu_layers, threads=settings.threads)
    with closing(opened) as model:
        near, far = model.score(QUESTION, [ANSWERS, OTHER])
    return Finding(
        name="order",
        ok=bool(near > far),
        detail=f"a passage that answers {near:.3f}, another one {far:.3f}",
    )


def _chat(file: ModelFile, settings: Settings) -> Finding:
    from kb.chat.base import Message  # noqa: PLC0415 - as above
    from kb.chat.llama import LocalChat  # noqa: PLC0415

    opened = LocalChat(file.path, n_gpu_layers=settings.n_gpu_layers, threads=settings.threads)
    with closing(opened) as model:
        asked = Message(role="user", content=f"{ANSWERS} {QUESTION}")
        answer = " ".join(model.complete([asked], most_tokens=_ANSWER_TOKENS).split())
    cut = f"{answer[:_SHOWN_CHARACTERS]}…" if len(answer) > _SHOWN_CHARACTERS else answer
    return Finding(name="answer", ok=bool(answer), detail=cut or "it says nothing")
