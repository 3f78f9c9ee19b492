"""The linear model x' = WᵀW x + b: its exact loss, and its optimum with and without bias."""
