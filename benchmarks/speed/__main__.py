"""``python -m benchmarks.speed``: the settings first, as torch reads them once."""

from benchmarks.speed.settings import restart_with_settings

if __name__ == "__main__":
    restart_with_settings()
    from benchmarks.speed.command import run

    run()
