r"""Features all alike: equal norms, one bias, every output with the same slopes.

.. math:: \frac{L}{n} = \frac p3 - 2 g\, C(β) + g^2 Q(β), \quad b = g β

Read in this order: ``one_output`` (C and Q of any arrangement), ``simplex``, ``polygon``,
``cross_polytope`` (digons, twice over), ``optimum`` (their best norm and bias in numbers).
"""
