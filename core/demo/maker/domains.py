"""Everyday domains that pre-training reads facts out of; none of them is the demo's.

A domain has a word for its text, copied facts (how to draw a value, and sentences with `{}` for
it), and one question that is answered with one of two labels by a remark in the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.demo import words


@dataclass(frozen=True)
class Domain:
    """`facts`: field → (maker, sentences). `labels`: label → remarks that say so. See `said`."""

    text: str
    facts: dict[str, tuple[words.Maker, str]]
    question: str
    labels: dict[str, str]


def said(sentences: str) -> tuple[str, ...]:
    """The sentences of a text that has ` / ` between them."""
    return tuple(sentences.split(" / "))


_LOST = words.thing(
    "blue,old,small,striped,leather,wet,heavy,expensive,torn,round,empty,yellow",
    "umbrella,suitcase,scarf,camera,violin case,lunch box,wallet,glove,helmet,notebook",
    "with a broken zip,on a string,with stickers on it,in a plastic bag,without a name,"
    "with a red ribbon,from a hotel,for children",
)
_PARCEL = words.thing(
    "flat,sealed,cold,fragile,long,damp,double,wooden,insured,open",
    "crate,box,envelope,barrel,pallet,tube,sack,case",
    "of seed potatoes,of machine parts,for the museum,of glass bottles,with two labels,"
    "for the harbour,of school books,with wet paint",
)
_ROOM = words.thing(
    "quiet,bright,narrow,warm,large,cheap,sunny,modern",
    "double room,attic room,suite,hall,cabin,meeting room,apartment,tent",
    "with a balcony,near the lift,over the garden,without stairs,with a piano,facing the sea,"
    "on the top floor,for the weekend",
)
_FAULT = words.thing(
    "loud,slow,loose,strange,sudden,rusty,constant,hot",
    "noise,leak,smell,crack,flicker,rattle,stain,vibration",
    "under the lid,in the cellar,behind the door,after lunch,near the pump,at the hinge,"
    "inside the motor,along the pipe",
)

DOMAINS = (
    Domain(
        "delivery",
        {
            "sender": (
                words.company,
                "Sent by {}. / It comes from {}. / The label names {} as sender. / Shipped out of "
                "{}, as always. / Packed at {}.",
            ),
            "receiver": (
                words.person,
                "To be handed to {}. / It goes to {}. / The addressee is {}. / Give it to {} in "
                "person. / Meant for {}.",
            ),
            "goods": (
                _PARCEL,
                "Inside is {}. / We carry {}. / The load: {}. / It is {}. / On the truck stands "
                "{}.",
            ),
            "weight": (
                words.amount("kg", "pounds", "tons"),
                "The scale shows {}. / It weighs {}. / Mass of {}, checked twice. / With {} it is "
                "too heavy.",
            ),
            "fee": (
                words.budget,
                "The fee is {}. / Postage came to {}. / Freight costs {}. / They were charged {}. "
                "/ Paid {} at the counter.",
            ),
        },
        "state",
        {
            "delivered": (
                "The receiver took it. / It arrived in the morning. / Handed over without "
                "trouble. / The door was opened and it is inside. / Signed for at noon."
            ),
            "returned": (
                "Nobody opened the door. / It was refused. / Address does not exist. / The "
                "receiver did not want it. / It went back to the depot."
            ),
        },
    ),
    Domain(
        "booking",
        {
            "guest": (
                words.person,
                "The guest is {}. / Booked by {}. / In the name of {}. / {} will sleep here. / "
                "Staying with us: {}.",
            ),
            "room": (
                _ROOM,
                "Wants {}. / We gave them {}. / Reserved is {}. / It must be {}. / Asked twice "
                "for {}.",
            ),
            "nights": (
                words.amount("nights", "days", "weeks"),
                "Stays {}. / For {}, then home. / Planned are {}. / A stay of {}.",
            ),
            "price": (
                words.budget,
                "The rate is {}. / Agreed on {}. / It will be {}. / Breakfast makes it {}. / The "
                "bill says {}.",
            ),
            "agency": (
                words.company,
                "Arranged through {}. / The agency was {}. / {} sends the bill. / Came in over {}.",
            ),
        },
        "status",
        {
            "confirmed": (
                "The deposit was paid. / They said yes in writing. / All is settled. / Card "
                "details are with us. / We sent the key code."
            ),
            "cancelled": (
                "They fell ill and will stay away. / The deposit never came. / Somebody called it "
                "off. / They chose another house. / The trip does not take place."
            ),
        },
    ),
    Domain(
        "lost property",
        {
            "finder": (
                words.person,
                "Brought in by {}. / {} found it. / The honest finder is {}. / Thanks go to {}.",
            ),
            "item": (
                _LOST,
                "It is {}. / Somebody left {}. / On the shelf lies {}. / Picked up: {}. / They "
                "handed in {}.",
            ),
            "station": (
                words.town,
                "Found at {}. / Left behind in {}. / The train stood in {}. / Between here and {}.",
            ),
            "tag": (
                words.code,
                "Tagged as {}. / We filed it under {}. / The tag reads {}. / Shelf mark {}.",
            ),
            "reward": (
                words.budget,
                "There is a reward of {}. / The owner offers {}. / Worth {}, they say.",
            ),
        },
        "claim",
        {
            "claimed": (
                "The owner came by. / It is back with its owner. / Collected today. / Its owner "
                "wept with joy. / Gone home already."
            ),
            "waiting": (
                "Nobody asked for it. / It still lies here. / No owner so far. / We keep it for a "
                "year. / Without any call until today."
            ),
        },
    ),
    Domain(
        "repair",
        {
            "customer": (
                words.person,
                "The customer is {}. / {} brought it in. / It belongs to {}. / Ring up {} when "
                "done. / Owner: {}.",
            ),
            "maker": (
                words.company,
                "Made by {}. / A product of {}. / Built at {}. / The plate reads {}.",
            ),
            "fault": (
                _FAULT,
                "There is {}. / They complain about {}. / The fault: {}. / We noticed {}. / It "
                "has {}.",
            ),
            "hours": (
                words.amount("hours", "minutes", "shifts"),
                "It ran {}. / Needs {}. / We worked {} on it. / Estimate of {}.",
            ),
            "cost": (
                words.budget,
                "Repair costs {}. / Parts are {}. / We asked for {}. / The quote is {}. / A new "
                "one would be {}.",
            ),
        },
        "result",
        {
            "repaired": (
                "It runs again. / The new part fits. / Tested, works. / It could be saved. / As "
                "good as new."
            ),
            "scrapped": (
                "It was beyond help. / No parts exist any more. / We threw it away. / It does not "
                "pay. / The frame is bent for good."
            ),
        },
    ),
    Domain(
        "lab sample",
        {
            "sample": (
                words.code,
                "The vial is {}. / Sample {} was opened. / It is marked {}. / Under the number {}.",
            ),
            "donor": (
                words.person,
                "Taken from {}. / The donor is {}. / Drawn by {}. / {} gave it.",
            ),
            "clinic": (
                words.company,
                "Sent in from {}. / The clinic is {}. / Results go to {}. / Ordered at {}.",
            ),
            "volume": (
                words.amount("ml", "drops", "grams", "units"),
                "It holds {}. / We used {}. / There were {} left. / A dose of {}.",
            ),
            "town": (
                words.town,
                "Collected in {}. / The courier drove from {}. / People of {} were asked.",
            ),
        },
        "finding",
        {
            "clean": (
                "Nothing grew in the dish. / All values are fine. / No trace was seen. / The "
                "screen stayed empty. / It passed."
            ),
            "spoiled": (
                "The dish is full of mould. / The lid was open. / It got too warm. / Values are "
                "far off. / A second strain showed up."
            ),
        },
    ),
    Domain(
        "club fair",
        {
            "host": (
                words.person,
                "Run by {}. / {} holds the microphone. / The host is {}. / Questions go to {}.",
            ),
            "sponsor": (
                words.company,
                "Sponsored by {}. / {} pays for the tents. / Thanks to {}. / The banner shows {}.",
            ),
            "visitors": (
                words.amount("visitors", "guests", "children"),
                "We counted {}. / There came {}. / Space for {}. / It drew {}, a record.",
            ),
            "place": (
                words.town,
                "It takes place in {}. / On the meadow of {}. / The bus leaves at {}. / Held near "
                "{}.",
            ),
            "takings": (
                words.budget,
                "The cash box had {}. / We took {}. / Sold cakes for {}. / Tickets made {}.",
            ),
        },
        "mood",
        {
            "happy": (
                "Everybody danced. / They stayed until midnight. / The sun came out. / People "
                "asked for more. / Not one complaint."
            ),
            "gloomy": (
                "It rained all day. / The band did not come. / Hardly anybody smiled. / We closed "
                "early. / The soup was cold."
            ),
        },
    ),
)

FILLERS = said(
    "The rest is as usual. / We wrote it all down. / See the other page. / More tomorrow. / It "
    "took a while. / The pen ran dry. / A busy day. / Please file this. / The weather was mild. / "
    "Nothing else to report. / I had to run. / Ask me if in doubt. / They were kind. / Somebody "
    "has to check. / The phone rang twice. / Copy sent to the office."
)
