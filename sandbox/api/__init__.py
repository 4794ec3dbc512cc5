"""The Web API, https://docs.slack.dev/reference/methods: one file a family, found by walking this folder."""
