"""The machine floor: datasets, runs, models, evaluation and traffic."""
