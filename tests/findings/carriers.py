"""Clean examples that flaws are sown into: sums, tasks of many sorts, and texts in "
"other scripts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from core.findings.finding import Checked
from tests.import_builders import SHARED

GSM8K = SHARED / "gsm8k" / "train.jsonl"
SEED_TASKS = SHARED / "self-instruct" / "seed_tasks.jsonl"

_THINGS = ("apples", "pencils", "stamps", "tickets", "cookies", "marbles", "books", "eggs")
_PEOPLE = ("Natalia", "Weng", "Betty", "Ken", "Alexis", "Tina", "Jasper", "Omar")

_TASKS = (
    ("Explain why leaves are green.", "",
     "Leaves hold a pigment called chlorophyll. It takes in red and blue light for photosynthesis. "
     "The green light that is left comes back to our eyes, so we see the leaf as green."),
    ("Summarise the text in two sentences.",
     "The town library was closed for two years. Builders found asbestos in the ceiling, and the "
     "money ran out twice. In spring it opened again with a larger reading room.",
     "The library stayed closed for two years because of asbestos and a lack of money. It has now "
     "opened again and its reading room is larger."),
    ("Write a Python function that adds two numbers.", "",
     "```python\ndef add(a: int, b: int) -> int:\n    return a + b\n```\nCall it as `add(1, 2)`."),
    ("What is the derivative of x squared?", "",
     "By the power rule $\\frac{d}{dx} x^2 = 2x$. The slope at $x = 3$ is therefore 6."),
    ("Make a list of three vegetables.", "", "- Carrots\n- Peas\n- Spinach"),
    ("Is the review positive or negative?", "The soup was cold and the waiter rude.", "negative"),
    ("Write a short letter that declines an invitation.", "",
     "Dear neighbours,\n\nthank you for the invitation. I cannot come on Saturday because my train "
     "leaves at noon. Have a lovely party!\n\nYours truly"),
    ("How do I center a div in HTML?", "",
     "Give the parent `display: flex` and add `justify-content: center`:\n"
     "<div style=\"display: flex\"><p>Text</p></div>"),
    ("Compare two numbers.", "a = 3, b = 5", "Here a < b and b > 2, so the answer is b > a > 2."),
    ("Give an example of a version number.", "",
     "A version number such as 2.14.3 has three parts."),
    ("Who was Ada Lovelace?", "",
     "She was an English mathematician of the 19th century. She wrote about the Analytical Engine "
     "and is often called the first programmer."),
    ("Describe the weather in Kiel.", "Rain in the morning, sun later, 14 degrees.",
     "It rains in the morning. Later the sun comes out, and it gets 14 degrees warm."),
)  # fmt: skip

OTHER_SCRIPTS = (
    ("为什么天空是蓝色的？", "",
     "阳光穿过大气层时会发生散射。"
     "蓝光的波长较短，因此散射得更多。所以我们看到的天空是蓝色的。"),
    ("富士山について説明してください。", "",
     "富士山は日本で一番高い山です。"
     "高さは三千七百七十六メートルあります。夏には多くの人が登ります。"),
    ("Почему листья зелёные?", "",
     "В листьях есть особый пигмент. Он поглощает красный и синий свет. Зелёный свет "
     "отражается, и мы его видим."),
    ("لماذا السماء زرقاء؟", "",
     "يمر ضوء الشمس عبر الغلاف الجوي. يتشتت اللون الأزرق أكثر من غيره. لذلك نرى السماء "
     "زرقاء في النهار."),
    ("पत्ते हरे क्यों होते हैं?", "",
     "पत्तों में एक हरा रंग होता है। यह लाल और नीली रोशनी को सोख लेता है। इसलिए हमें "
     "पत्ते हरे दिखाई देते हैं।"),
    ("하늘은 왜 파란가요?", "",
     "햇빛은 대기를 지나면서 흩어집니다. "
     "파란빛은 파장이 짧아서 더 많이 흩어집니다. 그래서 하늘이 파랗게 보입니다."),
    ("Warum ist der Himmel blau?", "",
     "Das Sonnenlicht wird in der Luft gestreut. Blaues Licht ist davon stärker "
     "betroffen als rotes. "
     "Deshalb erscheint uns der Himmel über den Häusern blau."),
    ("Pourquoi le ciel est-il bleu ?", "",
     "La lumière du soleil traverse l'atmosphère. Le bleu est dispersé plus que les "
     "autres couleurs. "
     "C'est pour cette raison que le ciel nous paraît bleu."),
    ("¿Por qué el cielo es azul?", "",
     "La luz del sol atraviesa la atmósfera. El color azul se dispersa más que los otros. "
     "Por eso vemos el cielo de este color durante el día."),
    ("Gökyüzü neden mavidir?", "",
     "Güneş ışığı havadan geçerken dağılır. Mavi ışık diğer renklerden daha çok dağılır. "
     "Bu yüzden gündüz gökyüzü bize mavi görünür."),
    ("Γιατί ο ουρανός είναι μπλε;", "",
     "Το φως του ήλιου περνά από την ατμόσφαιρα. Το μπλε φως σκεδάζεται περισσότερο. "
     "Γι' αυτό βλέπουμε τον ουρανό μπλε."),
)  # fmt: skip


def sums(count: int, rng: random.Random) -> Iterator[Checked]:
    """Examples as GSM8K has them, calculator marks included."""
    for number in range(count):
        who, what = rng.choice(_PEOPLE), rng.choice(_THINGS)
        first, times, price = rng.randint(11, 99), rng.randint(2, 9), rng.randint(2, 9)
        total = first * times
        yield Checked(
            f"sum-{number}",
            f"{who} packs {first} {what} into a box every day. {who} does so for {times} days and "
            f"sells them for ${price} each. How many dollars does {who} get?",
            "",
            f"{who} packs {first}*{times} = <<{first}*{times}={total}>>{total} {what}.\n"
            f"Each of them brings ${price}, so {who} gets {total}*{price} = "
            f"$<<{total}*{price}={total * price}>>{total * price}.\n#### {total * price}",
        )


def made_up(seed: int = 5) -> list[Checked]:
    """About sixty clean examples of all sorts, without any file."""
    rng = random.Random(seed)
    tasks = [Checked(f"task-{number}", *texts) for number, texts in enumerate(_TASKS)]
    scripts = [Checked(f"script-{number}", *texts) for number, texts in enumerate(OTHER_SCRIPTS)]
    return [*sums(40, rng), *tasks, *scripts]


def gsm8k(most: int | None = None, path: Path = GSM8K) -> list[Checked]:
    """Examples of GSM8K, the first so many."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line, _ in zip(lines, range(most or 10**9), strict=False)]
    return [
        Checked(f"gsm8k-{number}", one["question"], "", one["answer"])
        for number, one in enumerate(records)
    ]


def seed_tasks(path: Path = SEED_TASKS) -> list[Checked]:
    """The seed tasks of self-instruct, the first instance of each."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        one = json.loads(line)
        first = one["instances"][0]
        found.append(Checked(f"seed-{number}", one["instruction"], first["input"], first["output"]))
    return found
