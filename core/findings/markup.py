"""Checks for what a chat template or a web page left behind: tokens, role marks, tags, entities.

Tags and entities are meant where the task is about markup or code, or where the input has them;
only names that HTML knows are tags, so “<name>” and “a < b” are none.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, cut, first_of, looks_like_code, places, without_code

_TOKEN = re.compile(
    r"<\|[a-zA-Z_]{2,30}(?:\|[a-zA-Z_]+)?\|>|\[/?INST\]|<</?SYS>>|</s>|<s>|"
    r"<(?:pad|unk|bos|eos|sep|cls|mask|bot|eot)>|<(?:start|end)_of_turn>|\[(?:CLS|SEP|PAD|UNK)\]"
)
_ABOUT_TOKENS = re.compile(
    r"\btokens?\b|<mask>|\[MASK\]|\b(?:chat|prompt) template|\bhtml\b.*\b(?:strike"
    r"|tag)",
    re.IGNORECASE,
)
_ABOUT_PROMPTS = re.compile(r"\b(?:prompts?|template|markdown|headings?)\b", re.IGNORECASE)
_ROLE = re.compile(
    r"^[ \t]*#{2,4}[ \t]*(?:Instruction|Response|Input|Output|Human|Assistant|User"
    r"|System)s?[ \t]*:?"
    r"[ \t]*$|^[ \t]*#{2,4}[ \t]*(?:Instruction|Response|Input|Output|Human|Assistant|User"
    r"|System):",
    re.MULTILINE,
)
_RUN_ON = re.compile(
    r"^[ \t]*(?:Input|Instruction|Human|User|Question|Q)[ \t]*:[^\n]*(?:\n[^\n]*){0,12}?"
    r"\n[ \t]*(?:Output|Response|Assistant|Answer|A)[ \t]*:",
    re.MULTILINE,
)
_HINTS = (
    "Instruction", "Response", "Input", "Output", "Human", "Assistant", "User", "System",
    "Question", "Q:", "Q :",
)  # fmt: skip
_DIALOGUE = re.compile(
    r"\b(?:dialog(?:ue)?s?|conversations?|chats?|role|interview|script|q ?& ?a|faqs?"
    r"|prompts?|examples?|"
    r"(?:write|create|make|generate|give|ask|design)\b.{0,60}\b(?:questions?|tasks?|problems?)|"
    r"question-answer|instructions?|messages?|code|programs?|functions?)\b",
    re.IGNORECASE,
)
_NAMES = (
    "a|abbr|article|aside|b|big|blockquote|body|br|button|center|cite|code|dd|del|div|dl|dt|em|"
    "embed|fieldset|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|"
    "input|ins|label|legend|li|link|main|meta|nav|noscript|ol|option|p|pre|ref|script"
    "|section|select|"
    "small|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|"
    "title|tr|tt|u|ul|video"
)
_ATTRIBUTES = r"(?:\s+[a-zA-Z_:@-]+(?:\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'|[^\s\"'<>]+))?)*"
_TAG = re.compile(
    rf"<(?:/(?:{_NAMES})\s*|(?:{_NAMES}){_ATTRIBUTES}\s*/?)>"
    r"|<!--(?:(?!<!--).)*?-->",
    re.I | re.S,
)
_DROPPED = re.compile(r"<(script|style)\b[^<>]*>(?:(?!<\1\b).)*?</\1\s*>", re.I | re.S)
_BREAK = re.compile(r"</?(?:br|p|div|li|tr|h[1-6]|ul|ol|table|blockquote)\b", re.I)
_ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-fA-F]{2,5}|[a-zA-Z]{2,8});")
_WIKI = re.compile(r"\[\[[^\[\]\n]{1,80}\]\]|\{\{[^{}\n]{1,80}\}\}|'''[^'\n]{1,80}'''")
_BBCODE = re.compile(r"\[/?(?:b|i|u|url|quote|img|color|size)(?:=[^\]\n]{1,80})?\]", re.I)


def template_tokens(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A field holds tokens of a chat template, or the output goes on with another turn."""
    flaws = first_of(subject.fields, _tokens, _tokens_explained)
    instruction, output = subject.example.instruction, subject.example.output
    if flaws and _ABOUT_TOKENS.search(instruction):
        return []
    if any(flaw.field == "output" for flaw in flaws) or not any(one in output for one in _HINTS):
        return flaws
    prose = without_code(output)
    found = None if _ABOUT_PROMPTS.search(instruction) else _ROLE.search(prose)
    found = found or (None if _DIALOGUE.search(instruction) else _RUN_ON.search(prose))
    if found:
        text = "The output goes on with marks of a prompt, as if another turn followed."
        flaws.append(Flaw("output", *found.span(), text))
    return flaws


def _tokens(text: str) -> list[tuple[int, int]]:
    if "<" not in text and "[" not in text:
        return []
    return [found.span() for found in _TOKEN.finditer(without_code(text))]


def _tokens_explained(count: int) -> str:
    return f"Tokens of a chat template{places(count)}: they end a turn or start one."


def without_tokens(text: str) -> str:
    """The text without tokens of a chat template."""
    for _round in range(3):
        if not (spans := _tokens(text)):
            break
        text = cut(text, spans).strip()
    return text


def markup(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """A field holds HTML tags, entities or wiki marks that the task does not ask for."""
    suspects = [
        (name, text)
        for name, text in subject.fields
        if "<" in text or "&" in text or "[" in text or "{{" in text or "'''" in text
    ]
    if not suspects:
        return []
    flaws = first_of(suspects, _marks, lambda n: f"Leftover markup{places(n)}.")
    if flaws and subject.about_markup:
        return []
    if flaws and _marks(subject.example.input):
        # Where the input has markup, an output that keeps it does what it was asked.
        flaws = [flaw for flaw in flaws if flaw.field != "output"]
    return flaws


def _marks(text: str) -> list[tuple[int, int]]:
    prose = without_code(text)
    found: list[tuple[int, int]] = []
    if "<" in prose and ">" in prose:
        found += [one.span() for one in _TAG.finditer(prose)]
    if "&" in prose and ";" in prose:
        found += [
            one.span()
            for one in _ENTITY.finditer(prose)
            if one.group()[1] == "#" or one.group()[1:] in html5
        ]
    if "[[" in prose or "{{" in prose or "'''" in prose:
        found += [one.span() for one in _WIKI.finditer(prose)]
    if "[/" in prose:
        found += [one.span() for one in _BBCODE.finditer(prose)]
    return [] if found and looks_like_code(prose) else _apart(found)


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, without those that lie in another one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def without_markup(text: str) -> str:
    """The text that a reader of the page would see: tags gone, entities as characters."""
    for _round in range(5):
        dropped = [found.span() for found in _DROPPED.finditer(text)]
        text = cut(text, dropped)
        spans = _marks(text)
        if not spans:
            break
        for start, end in reversed(spans):
            text = text[:start] + _plain(text[start:end]) + text[end:]
        text = re.sub(r"(?<![ \t])[ \t]*\n(?:[ \t]*\n){2,}", "\n\n", text).strip()
    return text


def _plain(mark: str) -> str:
    """What one mark becomes."""
    if mark[0] == "&":
        return html.unescape(mark).replace("\xa0", " ")
    if mark[0] == "<":
        return "\n" if _BREAK.match(mark) else ""
    if mark.startswith("[["):
        return mark[2:-2].rpartition("|")[2]
    if mark.startswith("'''"):
        return mark[3:-3]
    return ""
