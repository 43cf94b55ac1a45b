"""What is measured in `step.py`: one file for each library, with `make(workload, **options)` giving a step to call.

A peer runs in a process of its own (`worker.py`), so that thread pools do not meet, and a library may have its own
environment. Sizes and data are in `sizes.py`; every peer computes the same thing in its best ordinary form.
"""
