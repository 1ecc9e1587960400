"""Checks for what surrounds a text on its page: headers and footers, and reference marks."""

from __future__ import annotations

import re

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import (
    Subject,
    cut,
    first_of,
    looks_like_code,
    places,
    without_code,
    words_in,
)

# Whole lines only: the same words inside of a sentence belong to it.
_LINE = re.compile(
    r"^[ \t]*(?:"
    r"[-–—|\[(]?[ \t]*(?:page|seite|página|pagina)[ \t]+\d{1,4}(?:[ \t]*(?:of|/|von|de|sur"
    r"|di)[ \t]*\d{1,4})?[ \t]*[-–—|\])]?"
    r"|[-–—][ \t]?\d{1,4}[ \t]?[-–—]"
    r"|(?:copyright[ \t]*)?(?:©|\(c\)|copyright)[ \t]*(?:19|20)\d\d\b[^\n]{0,80}"
    r"|[^\n]{0,60}\ball rights reserved\b\.?[^\n]{0,30}"
    r"|[^\n]{0,40}\balle rechte vorbehalten\b\.?"
    r"|(?:please )?(?:click|tap) here\b[^\n]{0,60}"
    r"|(?:subscribe|sign up)(?: now)?(?: to| for) (?:our|the|my)\b[^\n]{0,60}"
    r"|(?:read more|continue reading|see also|share this(?: article| post| page)?|back to top|"
    r"skip to (?:main )?content|advertisements?|sponsored content|related articles?|"
    r"leave a (?:comment|reply)|privacy policy|terms of (?:use|service)|cookie (?:policy|settings)|"
    r"accept (?:all )?cookies|print this page|loading\.{3}|table of contents)[ \t]*[:.»>…]*"
    r"|share on (?:facebook|twitter|x|linkedin|whatsapp)[^\n]{0,40}"
    r"|(?:this (?:website|site) uses|we use) cookies\b[^\n]{0,120}"
    r"|follow us on\b[^\n]{0,60}"
    r"|(?:home|start)[ \t]*(?:[>»|/][ \t]*[\w &-]{2,30}){2,}"
    r"|\d{1,4}[ \t]*\|[ \t]*p ?a ?g ?e|(?:log ?in|sign in|register|sign out|log ?out)"
    r"|comments?[ \t]*\(\d+\)|\d+ comments?|posted (?:by|on|in)\b[^\n]{2,60}"
    r"|(?:previous|prev)[ \t]*[|/·][ \t]*next"
    r"|(?:strictly )?confidential(?: and proprietary)?[ \t]*[-–—.!|]*(?:do not (?:copy"
    r"|distribute|share)[^\n]{0,40})?"
    r"|sent from my \w+[^\n]{0,30}|von meinem \w+ gesendet"
    r"|(?:last )?(?:updated|modified)(?: on)?:?[ \t]*\d[^\n]{3,30}"
    r"|retrieved from[ \t\"“]*https?://\S+"
    r")[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# Such a line opens with one of these, or ends with one of the others.
_FIRST = words_in(
    "page seite página pagina © c copyright please click tap subscribe sign read continue see "
    "share back skip advertisement advertisements sponsored related leave privacy terms cookie "
    "cookies accept print loading table this we follow home start previous prev strictly "
    "posted comments comment log login logout register confidential "
    "sent von last updated modified retrieved"
)
_LAST = ("reserved", "vorbehalten", " here")
_DASHES = " \t-–—|[("
_LONGEST_LINE = 160
_ABOUT_PAGES = re.compile(
    r"\b(?:web ?(?:site|page)s?|e-?mails?|letters?|newsletter|advert\w*|blog|copyright"
    r"|footer|header|"
    r"polic(?:y|ies)|table of contents|html|menu|navigation|social media|tweet)\b",
    re.IGNORECASE,
)

_MARK = r"\[(?:see )?\d{1,3}(?:[ \t]?[,;–-][ \t]?\d{1,3})*(?:, ?pp?\. ?\d+(?:[–-]\d+)?)?\]"
_SPACE = "[ \u00a0\u2009\u200a]"
_CITED = re.compile(
    rf"(?<=[^\W\d_][^\W\d_])(?:{_MARK})+(?=[\s.,;:!?)]|\Z)(?![ \t]*[=+*/(\[])"
    rf"|(?<=[.,;:!?\"”’)»%。，।؟])(?:{_MARK})+(?![(\[{{*+?])"
    rf"|(?<=[^\W\d_]{{2}})(?<! is)(?<! are)(?<!list)(?<!array){_SPACE}(?:{_MARK})+"
    r"(?=[.,;:!?]|\s|\Z)"
    r"(?![ \t]*[=+*/(\[])"
    rf"|(?<=[.!?。؟।]){_SPACE}(?:{_MARK})+(?=\s|\Z|[^\x00-\x7f])"
    r"|(?<=[.,;:!?”])[¹²³⁴-⁹]+(?=\s|\Z)"
    r"|[ \t]?\[(?:citation needed|clarification needed|better source needed|who\?|when\?|edit|"
    r"according to whom\?|dubious|note \d+|quelle\?|bearbeiten|références? nécessaires?)\]"
    r"|[ \t]?【\d+[:†][^】]{1,40}】|[ \t]?:?contentReference\[oaicite:\d+\]\{index=\d+\}",
    re.IGNORECASE,
)
_MAY_CITE = re.compile(r"[\]】(¹²³]")
_AUTHOR_YEAR = re.compile(
    r"[ \t]?\((?:see |e\.g\.,? |cf\. )?[^\W\d_][\w’'-]+(?: et al\.| (?:and|&"
    r"|und) [^\W\d_][\w’'-]+)?,? "
    r"(?:19|20)\d\d[a-z]?(?:, pp?\. ?\d+(?:[-–]\d+)?)?"
    r"(?:; ?[^\W\d_][\w’'-]+(?: et al\.| (?:and|&|und) [^\W\d_][\w’'-]+)?,? (?:19|20)\d\d[a-z]?)*\)"
)
_MONTH = re.compile(
    r"\((?:see |e\.g\.,? |cf\. )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|spring|summer|"
    r"autumn|fall|winter|since|until|from|in|by|circa|around|before|after|early|late|about|"
    r"published|released|born|died|founded|est|version|season|mai|juni|juli|märz|seit|bis)\b",
    re.IGNORECASE,
)
_ABOUT_SOURCES = re.compile(
    r"\b(?:cit(?:e|es|ing|ations?)|references?|bibliograph\w+|footnotes?|sources?|code|array|list|"
    r"interval|vector|matrix|function|program|index|indices)\b",
    re.IGNORECASE,
)


def page_furniture(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A line of an output or input is a header or a footer of a page."""
    suspects = [
        (name, text)
        for name, text in subject.prose
        if name != "instruction" and "\n" in text and any(map(_may_be_furniture, text.split("\n")))
    ]
    if not suspects:
        return []
    flaws = first_of(suspects, _furniture, lambda n: f"A header or footer of a page{places(n)}.")
    if flaws and _ABOUT_PAGES.search(subject.example.instruction):
        return [flaw for flaw in flaws if flaw.field != "output"]
    return flaws


def _may_be_furniture(line: str) -> bool:
    if not line or len(line) > _LONGEST_LINE:
        return False
    bare = line.strip(_DASHES).lower()
    return (
        bare.partition(" ")[0].rstrip(":.»>…)") in _FIRST
        or (line[0] in _DASHES and bare.isdigit())
        or any(word in bare for word in _LAST)
        or (bare[:1].isdigit() and len(bare) < 20 and bare[-1:] in "es")
    )


def _furniture(text: str) -> list[tuple[int, int]]:
    spans = [found.span() for found in _LINE.finditer(text)]
    # A text of one such line has it as its content.
    whole = len(text.strip())
    return [] if spans and sum(end - start for start, end in spans) >= whole - 2 else spans


def without_furniture(text: str) -> str:
    """The text without lines that are headers or footers."""
    spans = _furniture(without_code(text))
    if not spans:
        return text
    lines = [(start, min(end + 1, len(text))) for start, end in spans]
    return re.sub(r"\n{3,}", "\n\n", cut(text, lines)).strip()


def citations(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """Reference marks, such as “[3]” or “(Lee et al., 2019)”, whose list is not there."""
    suspects = [
        (name, text)
        for name, text in subject.prose
        if name != "instruction" and _MAY_CITE.search(text)
    ]
    flaws = first_of(suspects, _cited, lambda n: f"Reference marks without a list{places(n)}.")
    if flaws and _ABOUT_SOURCES.search(subject.example.instruction):
        return []
    return flaws


def _cited(text: str) -> list[tuple[int, int]]:
    found = []
    if not text.isascii() or "[" in text:
        found = [one.span() for one in _CITED.finditer(text)]
    if "(" in text and (")" in text) and ("19" in text or "20" in text):
        found += [
            one.span()
            for one in _AUTHOR_YEAR.finditer(text)
            if not _MONTH.match(one.group().strip())
        ]
    if not found or looks_like_code(text) or re.search(r"^[ \t]*\[\d+\][:. ]", text, re.MULTILINE):
        return []
    return sorted(found)


def without_citations(text: str) -> str:
    """The text without reference marks."""
    return cut(text, _cited(without_code(text)))
