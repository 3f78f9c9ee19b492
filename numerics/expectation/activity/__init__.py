"""Sets of active features one by one: cubes, their exact integrals, enumeration and strata."""
