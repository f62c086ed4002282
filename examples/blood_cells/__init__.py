"""The parts of examples/train_blood_cells.py: photographs, network, evaluation, picture."""
