"""A network of namespaces in which Shoal balances real TCP: for tests, for the demo, and to play with.

Read in this order: `addresses` (who has which), `topology` (the `Lab`), `servers`, `clients` (the program) and
`traffic` (starting it), `daemon`, `configuration`, `demo`. Python 3.11, standard library only.
"""
