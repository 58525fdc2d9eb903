"""The journal's tables, their version, and how an older file is brought up to date."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.ext.asyncio import AsyncConnection

MIGRATIONS: tuple[tuple[str, ...], ...] = ()
"""The statements that lead from each version to the next one, from version 1 on: `MIGRATIONS[0]` makes version 2."""

OPEN = "open"


class _Written(TypeDecorator[str]):
    """Text as platforms send it: a lone surrogate, which no file can hold, becomes a question mark."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.encode("utf-8", "replace").decode()


metadata = MetaData()

# Times are seconds since 1970, in UTC. `state` is "open", an Answer's outcome, or why the answer was cut off. `folded`
# is the same for questions that differ in capitals, spacing or end marks only. `run` names the process that wrote.
questions = Table(
    "questions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", _Written, nullable=False, unique=True),
    Column("platform", _Written, nullable=False),
    Column("event", _Written, nullable=False),
    Column("run", Text, nullable=False),
    Column("asker", Text, nullable=False),
    Column("question", _Written, nullable=False),
    Column("folded", _Written, nullable=False),
    Column("asked_at", Float, nullable=False, index=True),
    Column("place", _Written, nullable=False),
    Column("state", _Written, nullable=False),
    Column("model", _Written, nullable=False),
    Column("passages", JSON, nullable=False),
    Column("search_seconds", Float),
    Column("first_seconds", Float),
    Column("total_seconds", Float),
    UniqueConstraint("platform", "event"),
)
votes = Table(
    "votes",
    metadata,
    Column("question_id", ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True),
    Column("voter", Text, primary_key=True),
    Column("up", Boolean, nullable=False),
    Column("reason", _Written, nullable=False),
    Column("voted_at", Float, nullable=False),
)


def newest_version() -> int:
    """The version of the tables above."""
    return 1 + len(MIGRATIONS)


async def read_version(connection: AsyncConnection) -> int:
    """A file's version; 0 for an empty one."""
    return int((await connection.exec_driver_sql("PRAGMA user_version")).scalar_one())


async def bring_up_to_date(connection: AsyncConnection) -> None:
    """Make the tables in an empty file, or migrate older ones, within the connection's transaction."""
    version = await read_version(connection)
    if version == newest_version():
        return
    if version == 0:
        await connection.run_sync(metadata.create_all)
    else:
        for statement in (statement for step in MIGRATIONS[version - 1 :] for statement in step):
            await connection.exec_driver_sql(statement)
    await connection.exec_driver_sql(f"PRAGMA user_version = {newest_version()}")


async def rewrite_version(connection: AsyncConnection) -> None:
    """Write a file's version as it is: a real write that changes nothing."""
    await connection.exec_driver_sql(f"PRAGMA user_version = {await read_version(connection)}")
