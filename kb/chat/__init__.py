"""Chat models: on servers with OpenAI's interface, and in this process."""
