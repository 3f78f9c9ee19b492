"""The letters of the theory: one meaning each, everywhere.

========== =====================================================================
``p``      density of a feature, p = 1 - S, in (0, 1]
``q``      density of a second feature, where two densities differ
``k``      number of active features, or the size of a set of features
``n, m``   number of features, number of hidden dimensions
``r``      relative importance of the extra feature, I_extra / I_ordinary
``I``      importances, one per feature
``G``      Gram matrix WᵀW, n × n; column W_i of W is the direction of feature i
``b``      biases, one per feature (or the one bias of a single output)
``g, h``   one output's slopes: on its own feature, on another feature
``c, a``   offset and slopes of an affine form c + a·u on the unit cube
``u``      values of active features, each uniform on [0, 1]
``beta``   bias over squared norm, b / ‖W_i‖²
``rho``    norm of one member of a pair over the norm of the other
``lam``    relative cost λ of a pair: a member's loss over the loss of dropping it
========== =====================================================================
"""

import sympy

p, q, r, rho, beta, lam = sympy.symbols("p q r rho beta lambda", positive=True)
c, g, h, b_i = sympy.symbols("c g h b", real=True)
a_1, a_2, a_3 = sympy.symbols("a_1 a_2 a_3", real=True)
h_1, h_2 = sympy.symbols("h_1 h_2", real=True)
u, u_1, u_2, u_3 = sympy.symbols("u u_1 u_2 u_3", real=True)
i, j, k = sympy.symbols("i j k", integer=True)
n, m = sympy.symbols("n m", integer=True, positive=True)
I, G, b, densities = (  # noqa: E741
    sympy.IndexedBase(letter, real=True) for letter in ("I", "G", "b", "p")
)
