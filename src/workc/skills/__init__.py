"""The skills that come with workc: ``http_call``, ``llm_invoke`` and ``json_transform``."""
