"""What the room offers."""


def test_the_room_offers_what_it_lists():
    import dlcore.run

    assert sorted(dlcore.run.__all__) == dlcore.run.__all__
    assert all(hasattr(dlcore.run, name) and getattr(dlcore.run, name).__doc__ for name in dlcore.run.__all__)


def test_nothing_of_the_notebook_is_imported():
    """In a process of its own, since other tests of this one may have imported anything."""
    import subprocess
    import sys

    unwanted = ["IPython", "ipywidgets", "anywidget", "matplotlib", "traitlets", "ipyparallel"]
    code = f"import dlcore.run, sys; sys.exit(', '.join(m for m in {unwanted} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
