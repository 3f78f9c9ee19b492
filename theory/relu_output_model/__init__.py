r"""The ReLU output model x' = ReLU(WᵀW x + b), one active set at a time.

.. math:: L = \sum_A \prod_{i \in A} p_i \prod_{i \notin A} (1 - p_i) \, L_A

Read in this order: ``cube_integral`` (the integral behind everything),
``no_active_feature`` (L_0), ``one_active_feature`` (L_1), ``two_active_features`` (L_2),
``active_set_expansion`` (L).
"""
