# SPDX-License-Identifier: MIT
"""Runs the benchmark programs in turn, and makes tables and plots of what they tell."""
