"""The functions of `dlcore.nd` whose arguments are MXNet's rather than those of an operator, by topic.

Here: basic, shapes, more (less common ones), layers, heads (outputs that bring their own gradient), draws and densities
(random numbers), updates (optimizers), contrib and control (loops); `_call` gives all of them out=, name= and errors
that name the nearest argument; docs/inventory.py lists MXNet's names.
Not here: operators (dlcore/ops). Next: `dlcore/array/nd.py`, which puts the table together.
"""
