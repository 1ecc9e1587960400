"""Of which examples (`c`) a change of many texts, or its undoing, leaves the text as it is: SQL."""

from __future__ import annotations

# Needs $now and $actor_id.
NOT_HELD = """
    c.example_id NOT IN (SELECT l.example_id FROM example_leases l
                         WHERE l.expires_at >= $now AND l.person_id <> $actor_id)
"""
# A new text would void what some have annotated while others still do.
NOT_COLLECTING = "NOT (c.state = 'new' AND c.annotations > 0)"


def undecided_since(change: str) -> str:
    """That nobody has decided on the example since a change, a row of a table with created_at."""
    return f"""
        NOT EXISTS (SELECT 1 FROM reviews later WHERE later.example_id = c.example_id
                    AND later.created_at > {change}.created_at)
    """  # noqa: S608 a literal of the caller
