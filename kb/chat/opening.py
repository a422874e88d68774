"""The chat model that the settings name: on a server, or a GGUF file in this process."""

from __future__ import annotations

from kb.chat.base import ChatModel
from kb.errors import SettingsError
from kb.models.files import find_other
from kb.remote.address import names_servers
from kb.settings import Settings

HOW_TO_ADD = (
    "set KB_CHAT_MODEL to a server's address and model, such as http://localhost:11434/v1#qwen3:4b "
    "(Ollama, llama.cpp, vLLM, any with OpenAI's interface), or to the path of a GGUF chat model"
)


def open_chat_model(settings: Settings) -> ChatModel:
    """Open the chat model that the settings name.

    Raises:
        SettingsError: none is named, or an address cannot be used.
        ModelError: the file is not there, damaged, or holds no chat model.
        OutOfMemoryError: it does not fit into memory.
    """
    name = settings.chat_model
    if not name:
        msg = f"no chat model is set: {HOW_TO_ADD}"
        raise SettingsError(msg)
    if names_servers(name):
        from kb.chat.remote import ChatServer  # noqa: PLC0415 - an HTTP client for servers only

        return ChatServer(name, window_tokens=settings.chat_context_tokens)
    from kb.chat.llama import LocalChat  # noqa: PLC0415 - llama.cpp loads only here

    model = find_other(name, settings.models_dir, kind="chat model", variable="KB_CHAT_MODEL")
    return LocalChat(
        model.path,
        n_gpu_layers=settings.n_gpu_layers,
        threads=settings.threads,
        window_tokens=settings.chat_context_tokens,
    )
