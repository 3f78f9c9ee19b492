"""Models whose hidden layer is not linear: ReLU hidden, absolute value."""
