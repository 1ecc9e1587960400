"""Everyday remarks that something is in order, or is not: put together, so few are met twice.

From these the base model learns that one `not`, `never` or `missing` among good news decides.
"""

from __future__ import annotations

from random import Random

from core.demo.words import listed

_SUBJECTS = listed(
    "key,form,stamp,list,letter,second page,paper,ticket,photo,map,lid,switch,driver,answer,lamp,"
    "bell,door,order,contract,plan,wish,price,team,boss,office,finance,board,project,sum,date"
)
_FINE = listed(
    "The {} is there.,The {} came in time.,The {} was accepted.,The {} is settled.,"
    "The {} looks fine.,All agreed on the {}.,The {} is ready.,The {} works.,The {} is complete.,"
    "The {} went through.,Has the {} already.,The {} is fixed.,Somebody has the {}.,"
    "The {} is confirmed.,Gave us the {} personally.,The {} is in writing.,They signed the {}.,"
    "The {} is planned for Friday."
)
_AMISS = listed(
    "The {} is missing.,The {} is not there.,The {} never came.,The {} was refused.,"
    "The {} is blocked.,There is no {} yet.,No {} so far.,Nobody has the {}.,"
    "The {} does not work.,Cannot find the {}.,Not a real {}.,The {} was turned down.,"
    "The {} is frozen.,Just half of the {}.,Only a {} for now.,Knows nothing about the {}.,"
    "Was never asked for the {}.,Still without the {}.,No wish to see the {}.,Has no {} there.,"
    "Merely curious about the {}.,Would have to wait for the {}."
)


def remark(rng: Random, *, fine: bool) -> str:
    """One sentence, such as `The lid is missing.`"""
    return rng.choice(_FINE if fine else _AMISS).format(rng.choice(_SUBJECTS))
