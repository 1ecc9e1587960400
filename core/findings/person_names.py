"""Names of persons, best effort: titles, introductions, letters, and given name with surname.

No model is at hand that could tell a person from a character in a story, so findings are low.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.findings.subject import words_in

_UP = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĪĽŁŃŇŐŘŚŞŠŤŪŮŰŹŻŽ]"
_WORD = rf"(?:[OD]['’])?{_UP}[^\W\d_]*[a-zß-öø-ÿāăąćčďđēęěğīľłńňőřśşšťūůűźżž](?:[-’'][^\W\d_]+)*"
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herr|Herrn|Frau|Monsieur|Madame|Mme|Señor|Señora|Sra|Signor"
    rf"|Signora)"
    rf"\b\.? (?:Dr\.? |Prof\.? )?({_WORD}(?: {_WORD})?)"
)
_INTRODUCED = re.compile(
    rf"\b(?:[Mm]y name is|[Mm]ein Name ist|[Ii]ch heiße|[Jj]e m['’]appelle|[Mm]e llamo"
    rf"|[Mm]i chiamo) "
    rf"({_WORD}(?: {_WORD})?)"
    rf"|^[ \t]*(?:Name|Full name|Patient|Client|Customer|Contact|Kunde|Kundin|Nom|Nombre)[ \t]*: ?"
    rf"({_WORD}(?: {_WORD}){{1,2}})"
    rf"|\b(?:[Ss]incerely|[Rr]egards|Best(?: wishes)?|[Yy]ours|[Gg]rüßen?|[Cc]ordialement"
    rf"|[Ss]aludos),?[ \t]*\n+[ \t]*"
    rf"({_WORD}(?: {_WORD}){{0,2}})[ \t]*$",
    re.MULTILINE,
)
_TITLES = words_in(
    "mr mrs ms mx dr prof herr herrn frau monsieur madame mme señor señora sra signor signora"
)
_INTRODUCTIONS = words_in(
    "name heiße m'appelle m’appelle llamo chiamo patient client customer contact kunde kundin nom "
    "nombre sincerely regards best yours grüßen grüße cordialement saludos"
)
_GIVEN_NAMES = words_in(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William "
    "Barbara Richard Susan Joseph Jessica Thomas Sarah Charles Karen Christopher Lisa "
    "Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret Donald Ashley Steven "
    "Kimberly Andrew Emily Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian "
    "Melissa George Deborah Timothy Stephanie Ronald Rebecca Jason Sharon Edward Laura "
    "Jeffrey Cynthia Ryan Dorothy Jacob Amy Gary Kathleen Nicholas Angela Eric Shirley "
    "Jonathan Emma Stephen Brenda Larry Pamela Justin Nicole Scott Anna Brandon Samantha "
    "Benjamin Katherine Samuel Christine Gregory Helen Alexander Debra Patrick Rachel "
    "Frank Carolyn Raymond Janet Jack Maria Dennis Catherine Jerry Heather Tyler Diane "
    "Aaron Olivia Jose Julie Adam Joyce Nathan Victoria Henry Ruth Zachary Virginia "
    "Douglas Lauren Peter Kelly Kyle Christina Noah Joan Ethan Evelyn Jeremy Judith "
    "Christian Andrea Walter Hannah Keith Megan Ursula Hans Klaus Jürgen Günter Wolfgang "
    "Dieter Uwe Stefan Andreas Sabine Monika Petra Renate Karin Brigitte Ingrid Gisela "
    "Erika Heike Anja Katrin Lukas Leon Felix Jonas Pierre Jean Michel Philippe Alain "
    "Nicolas François Marie Nathalie Isabelle Sylvie Françoise Céline Juan Carlos Luis "
    "Miguel Javier Antonio Francisco Manuel Carmen Isabel Ana Lucía Pilar Giuseppe "
    "Giovanni Marco Luca Francesca Chiara Giulia Paolo Mario Roberto João Pedro Paulo "
    "Ricardo Fernanda Beatriz Piotr Krzysztof Andrzej Agnieszka Katarzyna Jan Erik Lars "
    "Anders Astrid Björn Sofia Mohamed Mohammed Ahmed Ali Fatima Aisha Omar Yusuf Priya "
    "Rahul Amit Anil Sanjay Sunita Deepak Neha Wei Ming Hiroshi Yuki Kenji Sakura Olga "
    "Svetlana Dmitri Sergei Natalia Tatiana Mehmet Ayşe Fatma Emre Elif"
)
_GIVEN = {name.lower(): name for name in _GIVEN_NAMES}
_PAIR = re.compile(rf"(?<![\w.-])({_WORD}) (?:{_UP}\. )?({_WORD})(?![\w-])")
_NO_SURNAME = words_in(
    "Street Avenue Road University College School Hospital Park River Lake County City "
    "Day Club Bank Company House Center Centre Museum Award Prize Theorem Equation Law "
    "Test Island Church Hall And Or The Has Had Is Was Will Then He She"
)


def person_names(text: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Spans of names, which may overlap; `words` are the text's words in lower case, or more."""
    for pattern, hints in ((_TITLED, _TITLES), (_INTRODUCED, _INTRODUCTIONS)):
        if hints.isdisjoint(words):
            continue
        for found in pattern.finditer(text):
            group = next(number for number in range(1, pattern.groups + 1) if found.group(number))
            yield found.span(group)
    for given in (_GIVEN[word] for word in _GIVEN.keys() & words):
        at = text.find(given)
        while at >= 0:
            pair = _PAIR.match(text, at)
            if pair and pair.group(1) == given and pair.group(2) not in _NO_SURNAME:
                yield pair.span()
            at = text.find(given, at + 1)
