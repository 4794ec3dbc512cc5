"""The processes: what each opens, runs until it is told to stop, and closes in order.

One module a process, so that none loads what only another needs.
"""
