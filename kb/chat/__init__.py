"""Chat models: asked over HTTP in the form that OpenAI's clients speak."""
