"""FolderLock: who may read and who may write the index folder, among all processes of this computer."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import ReadWriteLock, Timeout

from knowledge.errors import StoreBusyError, StoreError

WAIT_SECONDS = 60.0


class FolderLock:
    """Readers share the folder, a writer has it alone; a process that dies lets go. Waits `wait` seconds at most."""

    def __init__(self, folder: Path, wait: float = WAIT_SECONDS) -> None:
        """Make the folder if need be, and take nothing yet; raises StoreError where it cannot be written."""
        self._folder = folder
        with self._errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = ReadWriteLock(folder / "lock.db", timeout=wait, is_singleton=False)

    def share(self) -> None:
        """Hold the folder for reading; raises StoreBusyError while another process writes it."""
        with self._errors():
            self._lock.acquire_read()

    def release(self) -> None:
        """End `share`."""
        self._lock.release()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder alone; raises StoreBusyError while another process reads or writes it."""
        with self._errors():
            self._lock.acquire_write()
        try:
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """Let go of the folder for good."""
        self._lock.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except Timeout as error:
            raise StoreBusyError(
                f"The index in {self._folder} is in use by another Herald; "
                "try again when it is done, or set HERALD_DATA_DIR."
            ) from error
        except (OSError, sqlite3.Error, ValueError) as error:
            raise StoreError(
                f"Cannot use the index folder {self._folder} ({error}): "
                "make it writable, or set HERALD_DATA_DIR to another folder."
            ) from error
