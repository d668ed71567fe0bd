"""How good predictions are: accuracies, errors, and what follows from a threshold."""
