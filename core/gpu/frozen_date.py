"""Chat templates that print the date, stopped at the day that a run froze."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import lru_cache

# What transformers gives to chat templates that print the date, as those of Llama 3 do.
DATE_FUNCTION = "strftime_now"
_DIRECTIVES = (*"aAbBcdeFHIjmMpSuUVwWxXyY", "-d", "-m", "-H", "-I", "-j")


def day_of(chat_template: str, today: date | None = None) -> str:
    """The day (YYYY-MM-DD, UTC) to freeze with a template; empty where it prints no date."""
    if DATE_FUNCTION not in chat_template:
        return ""
    return (today or datetime.now(UTC).date()).isoformat()


@lru_cache(maxsize=8)  # once for a prompt, not for each text made with it
def with_date(chat_template: str, day: str) -> str:
    """The template with its date function stopped at midnight of the day; as it is without one.

    The library lets no function through to a template, so it is a macro that hides the library's.
    """
    if not day:
        return chat_template
    midnight = datetime.fromisoformat(day)
    replaced = "".join(
        f"|replace({json.dumps(f'%{one}')}, {json.dumps(midnight.strftime(f'%{one}'))})"
        for one in _DIRECTIVES
    )
    # The library's settings drop the line break behind a block: the template starts its own line.
    return f"{{% macro {DATE_FUNCTION}(format) %}}{{{{ format{replaced} }}}}{{% endmacro %}}\n" + (
        chat_template
    )
