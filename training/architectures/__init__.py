"""The fifteen task models: one file each, all of them settings of the blocks in `training/blocks.py`."""
