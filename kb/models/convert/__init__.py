"""Converts Hugging Face checkpoints to GGUF without PyTorch: ``kb models convert``."""

from kb.models.convert.conversion import QUANTIZATIONS, ConvertedModel, convert_checkpoint

__all__ = ["QUANTIZATIONS", "ConvertedModel", "convert_checkpoint"]
