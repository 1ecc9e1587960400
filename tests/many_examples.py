"""A project with any number of examples, made by SQL in the database itself: no file, no Python.

many_examples(store, project_id, 1_000_000)
"""

from __future__ import annotations

from storage.store import Store

_INSERTS = (
    """
    INSERT INTO examples
        (example_id, project_id, position, content_hash, external_id, import_id, line, meta,
         created_at)
    SELECT $project_id || '_ex_' || n, $project_id, n, md5($project_id || n) || md5(n::VARCHAR),
           NULL, 'imp_many', n, '{}', now()::TIMESTAMP
    FROM range($first, $last + 1) t(n)
    """,
    """
    INSERT INTO revisions
        (revision_id, example_id, position, number, based_on, instruction, input, output, labels,
         quality, origin, comment, author_id, seconds, created_at)
    SELECT $project_id || '_rev_' || n, $project_id || '_ex_' || n, n, 1, NULL,
           'Summarise visit ' || n || ' in one sentence.', repeat('Note ' || n % 977 || '. ', 12),
           'Visit ' || n || ' went well.', '{}', NULL, 'import', '', 'system', NULL,
           now()::TIMESTAMP
    FROM range($first, $last + 1) t(n)
    """,
    """
    INSERT INTO example_current
        (example_id, project_id, position, revision_id, number, instruction, input, output, labels,
         quality, author_id, state, flagged, updated_at)
    SELECT example_id, $project_id, position, revision_id, 1, instruction, input, output, labels,
           NULL, author_id, 'new', false, created_at
    FROM revisions
    WHERE starts_with(example_id, $project_id) AND position >= $first AND position <= $last
    ORDER BY position
    """,
    """
    INSERT INTO example_counts (project_id, block, state, flagged, author_id, n)
    SELECT $project_id, n // 8192, 'new', false, '', count(*)
    FROM range($first, $last + 1) t(n) GROUP BY ALL
    """,
)


def many_examples(store: Store, project_id: str, count: int) -> None:
    """Append so many new examples of about 150 characters to the project."""

    def insert() -> None:
        first = store.intake.reserve(project_id, count)
        about = {"project_id": project_id, "first": first, "last": first + count - 1}
        for statement in _INSERTS:
            store.database.execute(statement, about)

    store.transact(insert)
    store.database.execute("CHECKPOINT")
