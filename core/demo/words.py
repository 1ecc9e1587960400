"""Values for made-up text: syllable names, numbers, phrases, in two halves that never meet.

Every value has a key; `reserved(key)` sends a quarter of all keys to the demo notes and leaves the
rest to pre-training. So no name, number or need of the demo can occur in what the base model saw,
whatever the seeds are.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Maker(Protocol):
    """Draws a value, from the demo's part or from the other one."""

    def __call__(self, rng: Random, *, demo: bool) -> str: ...


def listed(text: str) -> tuple[str, ...]:
    """The parts of `text` between its commas."""
    return tuple(text.split(","))


_ONSETS = listed(
    "b,c,d,f,g,h,j,k,l,m,n,p,r,s,t,v,w,z,b,d,f,k,l,m,n,r,s,t,v,br,dr,gr,kr,tr,st,pl,fl,sh,qu"
)
_VOWELS = listed("a,e,i,o,u,a,e,i,o,ai,ea,ou")
_ENDS = listed(",,,n,r,l,s,m,k,t,x,nd,rn")
# Syllables put together by chance can make words that nobody wants to read at work.
_UNWANTED = listed(
    "shi,fuk,fuc,nig,neg,cun,kun,dik,dic,rape,naz,fag,tit,cum,kum,anu,kak,kac,poo,pup,sex,ass,put,"
    "kuk,cuc,pis,coc,kok,cok,vag,peni,hure,slu,sou,hit,gay,jew,jud,mus,kafi,pak,dea,die"
)

COMPANY_SUFFIXES = listed(
    "Labs,Works,Systems,Foods,Logistics,Group,Partners,Studio,Tools,Freight,Media,Energy,Clinics,"
    "Print,Textiles,Robotics,Motors,Travel,Dairy,Optics,Timber,Glass,Marine,Paper"
)
SIZE_UNITS = listed("people,staff,employees,seats,users,heads,colleagues")
CURRENCIES = listed("EUR ,USD ,CHF ,GBP ,$,€")
PERIODS = listed(",,, a year, per year, in total")

NEED_KINDS = listed(
    "simple,shared,mobile,faster,cheaper,central,automatic,secure,new,offline,modern,live,"
    "lightweight,multilingual"
)
NEED_THINGS = listed(
    "booking tool,ticket system,route planner,stock counter,time tracker,invoice scanner,"
    "customer portal,shift planner,label printer,data warehouse,phone system,backup service,"
    "price calculator,document archive,survey tool,training platform,web shop,chat assistant,"
    "fleet monitor,quality checklist,payroll service,visitor register,spare parts catalogue,"
    "contract store,newsletter tool,expense app,energy dashboard,maintenance log"
)
NEED_PLACES = listed(
    "the night shift,two warehouses,the field crew,their dealers,the service desk,all branches,"
    "the back office,new hires,the export team,three factories,the repair shop,their drivers,"
    "the finance team,the front desk,seasonal workers,the test kitchen,the design team,"
    "their suppliers,the call centre,every site,the board,the lab,the cold store,their tenants,"
    "the school programme,the loading dock"
)


def reserved(key: str) -> bool:
    """True for the quarter of keys that belongs to the demo notes."""
    return zlib.crc32(key.encode()) % 4 == 0


def draw(make: Callable[[Random], tuple[str, T]], rng: Random, *, demo: bool) -> T:
    """The value of the first (key, value) drawn from `make` that lies in the wanted part."""
    while True:
        key, value = make(rng)
        if reserved(key) == demo:
            return value


def name(rng: Random, *, demo: bool, most: int = 3) -> str:
    """A capitalised word of two to `most` syllables; the word itself is the key."""

    def make(rng: Random) -> tuple[str, str]:
        syllables = (rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.randint(2, most)))
        word = "".join(syllables) + rng.choice(_ENDS)
        if any(part in word for part in _UNWANTED):
            return make(rng)
        return word.capitalize(), word.capitalize()

    return draw(make, rng, demo=demo)


def person(rng: Random, *, demo: bool) -> str:
    """First and last name, both from the wanted part."""
    return f"{name(rng, demo=demo, most=2)} {name(rng, demo=demo)}"


def company(rng: Random, *, demo: bool) -> str:
    """A made-up firm, such as `Velmora Labs`."""
    return f"{name(rng, demo=demo)} {rng.choice(COMPANY_SUFFIXES)}"


def number(rng: Random, low: int, high: int, *, demo: bool, step: int = 1) -> int:
    """A multiple of `step` in [low, high], spread evenly over the orders of magnitude."""

    def make(rng: Random) -> tuple[str, int]:
        value = round(low * (high / low) ** rng.random() / step) * step
        return str(value), value

    return draw(make, rng, demo=demo)


def size(rng: Random, *, demo: bool) -> str:
    """A head count with its unit, such as `1,240 staff`; shorter numbers would run out."""
    return f"{number(rng, 1010, 28_000, demo=demo):,} {rng.choice(SIZE_UNITS)}"


def budget(rng: Random, *, demo: bool) -> str:
    """An amount with its currency, such as `EUR 48,300 a year`."""
    amount = number(rng, 4000, 900_000, demo=demo, step=50)
    return f"{rng.choice(CURRENCIES)}{amount:,}{rng.choice(PERIODS)}"


def need(rng: Random, *, demo: bool) -> str:
    """What is wanted, such as `a shared route planner for the night shift`."""

    def make(rng: Random) -> tuple[str, str]:
        kind = rng.choice(NEED_KINDS)
        article = "an" if kind[0] in "aeiou" else "a"
        text = f"{article} {kind} {rng.choice(NEED_THINGS)} for {rng.choice(NEED_PLACES)}"
        return text, text

    return draw(make, rng, demo=demo)


def town(rng: Random, *, demo: bool) -> str:
    """A single name."""
    return name(rng, demo=demo)


def code(rng: Random, *, demo: bool) -> str:
    """A letter and a number, such as `K-4821`."""
    letter = rng.choice("ABCDEFGHKLMPRSTVXZ")
    return f"{letter}-{number(rng, 100, 99_999, demo=demo)}"


def amount(*units: str) -> Maker:
    """Draws a number with one of the units, such as `1,205 kg`."""

    def make(rng: Random, *, demo: bool) -> str:
        return f"{number(rng, 3, 30_000, demo=demo):,} {rng.choice(units)}"

    return make


def thing(kinds: str, nouns: str, tails: str) -> Maker:
    """Draws an everyday thing, such as `an old scarf on a string`; it belongs to neither part."""
    pools = [listed(pool) for pool in (kinds, nouns, tails)]

    def make(rng: Random, *, demo: bool) -> str:
        kind, noun, tail = (rng.choice(pool) for pool in pools)
        return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} {noun} {tail}"

    return make
