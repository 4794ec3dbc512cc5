"""The HTTP API for pipelines: routes, bodies, errors, waiting. What is done is done by `bot.services`."""
