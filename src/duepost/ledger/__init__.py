"""The PostgreSQL tables and every statement on them, one function each.

Every function takes the caller's connection and never commits. Times are the database's own: `now()` of the caller's
transaction, so that machines with different clocks agree on what is due.
"""
