"""Opens the chat model of the settings: on a server, or a GGUF file in this process."""

from __future__ import annotations

from kb.chat.base import ChatModel
from kb.errors import SettingsError
from kb.models.files import find_model
from kb.remote.address import names_servers
from kb.settings import Settings

HOW_TO_ADD = (
    "run `kb models use Qwen3-4B-Instruct` (2.5 GB; `kb models list` has smaller ones and those of "
    "servers here), or set KB_CHAT_MODEL to the address and model of a server with OpenAI's "
    "interface, such as http://localhost:11434/v1#qwen3:4b, or to the path of a GGUF chat model"
)


def open_chat_model(settings: Settings) -> ChatModel:
    """Open the chat model that the settings name.

    Raises:
        SettingsError: the settings name none, or an invalid address.
        ModelError: the file is missing, damaged, or not a chat model.
        OutOfMemoryError: the model does not fit into memory.
    """
    name = settings.chat_model
    if not name:
        msg = f"no chat model is set: {HOW_TO_ADD}"
        raise SettingsError(msg)
    if names_servers(name):
        from kb.chat.remote import ChatServer  # noqa: PLC0415 - an HTTP client for servers only

        return ChatServer(name, window_tokens=settings.chat_context_tokens)
    from kb.chat.llama import LocalChat  # noqa: PLC0415 - llama.cpp loads only here

    model = find_model(name, settings.models_dir, kind="chat")
    return LocalChat(
        model.path,
        n_gpu_layers=settings.n_gpu_layers,
        threads=settings.threads,
        window_tokens=settings.chat_context_tokens,
    )
