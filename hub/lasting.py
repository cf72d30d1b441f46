"""What a process that lasts asks of Python's memory.

The registry and the modules are hundreds of thousands of objects that stay; each full collection walks them all. Reading a
record into models took four times as long with the collector's own settings as without it.
"""

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 100


def settle() -> None:
    """Call when all is made that stays: it is not searched for rubbish again, and what is new less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
