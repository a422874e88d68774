"""Chat models: on servers, asked in the form of OpenAI's clients, and in this process."""
