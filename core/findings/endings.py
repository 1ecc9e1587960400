"""Check for outputs that end in the middle: of a sentence, of a block of code, of a bracket."""

from __future__ import annotations

import re

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, looks_like_code, words_in

_ENDS = ".!?。！？…।؟۔:;)]}\"'”’»›」』*_`|>~/\\-–—%$€£°→"
_SENTENCE_END = re.compile(r"[.!?](?=[\s\"'”’»)]|$)|[。！？।؟۔]", re.MULTILINE)
_LIST = re.compile(r"\s*(?:[-*•–—―+#>|]|\d+[.):]|[a-zA-Z][.)]|[^\s:]+(?: [^\s:]+){0,3}:)(?:\s|$)")
_OPEN_WORDS = words_in(
    "the a an of to and or but with for from in on at by as that which who because if "
    "when while is are was were has have had will would can could should their its his "
    "her my your our this than into about between der die das ein eine einen und oder "
    "aber mit für von zu im am dass weil wenn ist sind war le la les un une des et ou "
    "mais avec pour de du dans que qui est sont el los las una y o pero con para por en "
    "es son su il lo gli e ma per di che è"
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SHORTEST = 4
_SHORTEST_LINE, _SHORTEST_REST = 3, 2
_LONGEST_CLOSING = 6
_SHORTEST_UNSPACED = 6


def truncated_output(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output ends in the middle of a sentence, of a code block, or after a joining word."""
    output = subject.example.output.rstrip()
    if not output:
        return []
    if output.count("```") % 2:
        start = output.rfind("```")
        return [Flaw("output", start, len(output), "A block of code is opened and never closed.")]
    if output[-1] in _ENDS:
        return []
    line = output[output.rfind("\n") + 1 :]
    if output[-1] in ",;，、(":
        reason = "ends with a comma" if output[-1] in ",，、" else "ends in an open bracket"
        open_end = not _is_fragment(subject, output, line)
    else:
        reason, open_end = "ends in the middle of a sentence", _stops_short(output, line)
    if not open_end or looks_like_code(output):
        return []
    start = max(0, len(output) - max(1, len(line.split()[-1]) if line.split() else 1))
    return [Flaw("output", start, len(output), f"The output {reason}.")]


def _is_fragment(subject: Subject, output: str, line: str) -> bool:
    """Whether the output is a piece of text by nature: short, the closing of a letter, or as open
    as its input."""
    closing = "\n" in output and len(line.split()) <= _LONGEST_CLOSING and line[:1].isupper()
    return len(output) < 20 or closing or subject.example.input.rstrip()[-1:] == output[-1]


def _stops_short(output: str, line: str) -> bool:
    words = line.split()
    if not words or not output[-1].isalnum():
        return False
    if words[-1].lower() in _OPEN_WORDS and len(words) >= _SHORTEST and words[-1].islower():
        return True
    unspaced = _UNSPACED.search(line)
    if unspaced:
        *earlier, last = _SENTENCE_END.split(output)
        return (
            bool(earlier) and len(last.strip()) >= _SHORTEST_UNSPACED and "\n" not in last.strip()
        )
    if line.lstrip().startswith(("####", "—", "―", "–")) or (
        _LIST.match(line) and "." not in line[3:]
    ):
        return False
    return _breaks_with_habit(output, line)


def _breaks_with_habit(output: str, line: str) -> bool:
    """Whether all earlier sentences are closed, and the last one, long enough, is not."""
    ends = [found.end() for found in _SENTENCE_END.finditer(output)]
    if not ends:
        return False
    last = output[ends[-1] :]
    earlier = [one.rstrip() for one in output[: ends[-1]].split("\n") if one.strip()]
    closed = sum(one[-1] in _ENDS or one[-1] == "," for one in earlier)
    # A short line of its own may be a name below a letter or a quotation, unless it goes on small.
    signed = "\n" in last and not last.split()[-1][0].islower()
    least = _SHORTEST_LINE if signed else _SHORTEST_REST
    last = last.strip()
    return (
        "\n" not in last
        and closed >= 0.8 * len(earlier)
        and (len(last.split()) >= least or last[:1].islower())
        and not _LIST.match(last)
    )
