"""The demo task: intake notes of a made-up sales desk, and the records they should become.

Pure and seeded. `make_examples()` gives the same list on every machine; about one in twenty carries
a flaw that real data has, named in `flaw`. Every company, contact, size, budget and need occurs in
one note only (duplicates of a note excepted), and never in pre-training: see `core.demo.words`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from core.demo import phrases, words
from core.errors import InvalidInput

DEMO_FIELDS = ("company", "contact", "size", "budget", "need", "decision")
COPIED_FIELDS = DEMO_FIELDS[:-1]
DEMO_LABELS = ("qualified", "not qualified")
DEMO_INSTRUCTION = "Turn the intake note into a record."
DEMO_GUIDELINES = """\
Each note was typed by a sales colleague after a first contact. Turn it into a record of six lines,
in this order: company, contact, size, budget, need, decision. Each line is `key: value`.

- **company, contact, size, budget, need**: copy the words of the note exactly. Size keeps its unit
  (`340 staff`), budget its currency and period (`EUR 48,300 a year`), need its article.
- **decision** is `not qualified` as soon as the note says one of these three:
  1. the money is missing: not approved, frozen, turned down;
  2. nobody who can decide is involved;
  3. there is no intent to buy: just browsing, comparing prices, no plan this year.
- One such remark outweighs any good news in the same note. Without one, the decision is
  `qualified`.
- Small talk and next steps of our own desk do not count.

Flag a note that breaks off before all six facts are there. Correct a record that misspells
a name, swaps two fields, decides against the rule, or carries anything behind its last line.
"""
FLAWS = (
    "empty_output",
    "duplicate",
    "near_duplicate",
    "wrong_decision",
    "swapped_fields",
    "misspelt_name",
    "trailing_junk",
    "cut_off_note",
)
_FLAWED_SHARE = 0.05
_SHORTEST, _LONGEST = 35, 80


@dataclass(frozen=True)
class DemoExample:
    """One note (`input`) with its record (`output`); `flaw` names what is wrong with it, if any."""

    instruction: str
    input: str
    output: str
    flaw: str | None = None


def make_examples(n: int = 1200, seed: int = 7) -> list[DemoExample]:
    """`n` examples in shuffled order, about 5 % of them flawed. Raises InvalidInput if n < 1."""
    if n < 1:
        raise InvalidInput("The demo needs at least one example. Ask for n of 1 or more.")
    rng = Random(seed)
    kinds = [FLAWS[i % len(FLAWS)] for i in range(round(n * _FLAWED_SHARE))]
    copies = [kind for kind in kinds if kind.endswith("duplicate")]
    records = _records(rng, n - len(copies))
    examples = [_example(record, rng) for record in records]
    for kind, at in zip(kinds, rng.sample(range(len(records)), len(kinds)), strict=True):
        flawed = _flawed(kind, examples[at], records[at], rng)
        if kind in copies:
            examples.append(flawed)
        else:
            examples[at] = flawed
    rng.shuffle(examples)
    return examples


def record_text(record: dict[str, str]) -> str:
    """The six lines of a record."""
    return "\n".join(f"{field}: {record[field]}" for field in DEMO_FIELDS)


def vocabulary() -> list[str]:
    """Every word of the sentences and phrases, without the drawn names and numbers; sorted."""
    pools = [phrases.COMPANY, phrases.CONTACT, phrases.TOGETHER, phrases.SIZE, phrases.BUDGET]
    pools += [phrases.NEED, phrases.SMALL_TALK, phrases.NEXT_STEP, phrases.LEADS, phrases.OPENERS]
    pools += [*phrases.GOOD, *phrases.BAD, DEMO_FIELDS, DEMO_LABELS, (DEMO_INSTRUCTION,)]
    pools += [words.NEED_KINDS, words.NEED_THINGS, words.NEED_PLACES, words.COMPANY_SUFFIXES]
    pools += [words.SIZE_UNITS, words.CURRENCIES, words.PERIODS]
    text = " ".join(sentence for pool in pools for sentence in pool)
    return sorted({w.strip(".,:;") for w in text.split() if "{" not in w} - {""})


def _records(rng: Random, n: int) -> list[dict[str, str]]:
    seen: set[str] = set()

    def fresh(make: Callable[..., str], keys: Callable[[str], list[str]]) -> str:
        while True:
            value = make(rng, demo=True)
            if not seen.intersection(keys(value)):
                seen.update(keys(value))
                return value

    return [
        {
            "company": fresh(words.company, lambda v: v.split()[:1]),
            "contact": fresh(words.person, str.split),
            "size": fresh(words.size, _tails),
            "budget": fresh(words.budget, lambda v: [_digits(v)]),
            "need": fresh(words.need, lambda v: [v]),
            "decision": DEMO_LABELS[rng.random() < 0.45],
        }
        for _ in range(n)
    ]


def _digits(value: str) -> str:
    return "".join(ch for ch in value if ch.isdigit())


def _tails(size: str) -> list[str]:
    # "1,340 staff" contains "340 staff": of both, only one may be in the demo.
    return [f"size {_digits(size)}", f"size {_digits(size)[-4:]} {size.split()[1]}"]


def _example(record: dict[str, str], rng: Random) -> DemoExample:
    while True:
        note = _note(record, rng)
        if _SHORTEST <= len(note.split()) <= _LONGEST:
            return DemoExample(DEMO_INSTRUCTION, note, record_text(record))


def _note(record: dict[str, str], rng: Random) -> str:
    if rng.random() < 0.5:
        facts = [rng.choice(phrases.TOGETHER)]
    else:
        facts = [rng.choice(phrases.COMPANY), rng.choice(phrases.CONTACT)]
    facts += [rng.choice(pool) for pool in (phrases.SIZE, phrases.BUDGET, phrases.NEED)]
    facts += _cues(record["decision"], rng)
    facts += rng.sample(phrases.SMALL_TALK, rng.choice((0, 0, 1, 1, 2)))
    facts += rng.sample(phrases.NEXT_STEP, rng.choice((0, 0, 1, 1)))
    rng.shuffle(facts)
    said = [_led(fact, rng) for fact in facts]
    # A value at the very start would lack its space; notes often open with a label anyway.
    if said[0].startswith("{") or rng.random() < 0.2:
        said[0] = f"{rng.choice(phrases.OPENERS)} {said[0]}"
    return " ".join(said).format(**record)


def _cues(decision: str, rng: Random) -> list[str]:
    good = [rng.choice(pool) for pool in phrases.GOOD]
    if decision == DEMO_LABELS[0]:
        return rng.sample(good, rng.choice((1, 2)))
    at = rng.randrange(len(phrases.BAD))
    others = good[:at] + good[at + 1 :]
    return [rng.choice(phrases.BAD[at]), *rng.sample(others, rng.choice((0, 1)))]


def _led(sentence: str, rng: Random) -> str:
    if rng.random() > 0.15:
        return sentence
    lead = rng.choice(phrases.LEADS)
    if lead.endswith(",") and not sentence.startswith(("{", "I'", "I ")):
        sentence = sentence[0].lower() + sentence[1:]
    return f"{lead} {sentence}"


def _flawed(kind: str, example: DemoExample, record: dict[str, str], rng: Random) -> DemoExample:
    note, output = example.input, example.output
    if kind == "empty_output":
        output = ""
    elif kind == "near_duplicate":
        note = _typo(note, rng)
    elif kind == "wrong_decision":
        other = DEMO_LABELS[record["decision"] == DEMO_LABELS[0]]
        output = record_text({**record, "decision": other})
    elif kind == "swapped_fields":
        swapped = {"company": record["contact"], "contact": record["company"]}
        output = record_text({**record, **swapped})
    elif kind == "misspelt_name":
        output = record_text({**record, "contact": _typo(record["contact"], rng)})
    elif kind == "trailing_junk":
        output += rng.choice(("   \n\n", "\n--\nsent from my phone", "\n;;;", "\t \n(copied)"))
    elif kind == "cut_off_note":
        last = max(note.find(record[field]) for field in COPIED_FIELDS)
        note = note[: min(last + 3, round(len(note) * rng.uniform(0.4, 0.7)))]
    return replace(example, input=note, output=output, flaw=kind)


def _typo(text: str, rng: Random) -> str:
    """Two neighbouring, different letters inside a word change places."""
    spots = [
        i
        for i in range(1, len(text) - 1)
        if text[i : i + 2].isalpha() and text[i : i + 2].islower() and text[i] != text[i + 1]
    ]
    at = rng.choice(spots)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
