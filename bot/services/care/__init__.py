"""Care of the database: nightly runs, reports on demand, what they find, and sessions that an admin wants ended.

`runs` orders, carries out and cancels runs; `maintain` and `looks` are their steps, a function each; `findings` turns
what was found into a maintenance request; `sessions` ends queries. What changes something works as the tables' owner.
"""
