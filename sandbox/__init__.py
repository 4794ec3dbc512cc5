"""A local Slack workspace that a bot talks to over HTTP and WebSocket, for trying the bot and for its tests.

It stands in for Slack itself and therefore keeps its state in memory. It imports nothing of the bot.
"""
