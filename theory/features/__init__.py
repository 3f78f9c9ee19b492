"""The law of the features: values, sets, the law they make together, and its moments."""
