"""Where are the later words of providers and receivers understood?

A reader for each of their forms; none asks the network or the ledger.
"""
