"""Measured against floors written here, in one run; figures are ratios, CPU first."""
