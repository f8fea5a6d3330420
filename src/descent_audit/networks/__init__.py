"""Linear and small nonlinear networks: models, training, floors."""
