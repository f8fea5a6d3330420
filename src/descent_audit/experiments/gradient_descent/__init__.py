"""Gradient descent, smoothness and the learning rate."""
