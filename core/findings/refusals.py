"""Checks for what an assistant says instead of an answer: that it is a model, or that it will not.

“I cannot” is an ordinary phrase: a refusal opens the output and refuses help, not anything else.
"""

from __future__ import annotations

import re

from core.findings.finding import Flaw
from core.findings.settings import FindingSettings
from core.findings.subject import Subject, words_in

_ANCHORS = words_in(
    "ai language cutoff cut openai knowledge training artificial ki sprachmodell künstliche modèle "
    "ia qu'ia qu’ia modelo inteligencia inteligência intelligenza intelligence modello "
    "taalmodel языковая искусственный"
)
_UNSPACED = ("作为", "言語モデル")
_MODEL = re.compile(
    r"\bas an? (?:\w+ ){0,3}(?:ai|language model|artificial intelligence)\b"
    r"|\bi(?:['’]m| am) (?:just |only |merely )?an? (?:\w+ ){0,2}(?:ai\b|language model)"
    r"|\bmy (?:knowledge|training)(?: data)? (?:cut-?off|was last updated|only goes)"
    r"|\bi was (?:trained|developed|created) by openai"
    r"|\bals (?:eine? )?(?:ki\b|ki-|künstliche intelligenz|(?:\w+ )?sprachmodell)"
    r"|\ben tant qu[e'’] ?(?:une? )?(?:ia\b|modèle de langage|intelligence artificielle)"
    r"|\bcomo (?:una? |um |uma )?(?:ia\b|(?:modelo de lenguaje|modelo de linguagem)"
    r"|inteligencia artificial|inteligência artificial)"
    r"|\bcome (?:una? )?(?:ia\b|intelligenza artificiale|modello linguistico)"
    r"|\bals (?:een )?(?:ai\b|ai-|(?:\w+ )?taalmodel)"
    r"|как (?:\w+ )?(?:языковая модель|искусственный интеллект)"
    r"|作为(?:一个|一名)?(?:大型)?(?:ai|人工智能|语言模型)|(?:ai|大規模)?言語モデルとして",
    re.IGNORECASE,
)
_REFUSED = (
    r"(?:assist (?:you |with)|help (?:you )?with|fulfil|comply|answer (?:this|that|your)|"
    r"provide (?:you |that|this|any|such|information|instructions|medical|legal|an answer|the)|"
    r"complete (?:this|that|the|your) (?:task|request)|(?:do|discuss|support"
    r"|engage in) (?:that|this)|"
    r"(?:generate|create|write|produce) (?:that|this|such|content|any)|give (?:you )?(?:that"
    r"|this|any|advice)|"
    r"process (?:this|that|your)|respond to (?:this|that|your)|continue with|help you (?:do"
    r"|write|make) (?:that|this))"
)
_REFUSAL = re.compile(
    r"(?:i['’]?m (?:really |very |so )?sorry|(?:i )?apologi[sz]e|sorry|unfortunately|i regret|"
    r"i['’]m afraid|due to [^.]{0,60}|you are requesting [^.]{0,60}\.[^.]{0,90}|my apologies)?"
    r"[^.!?\n]{0,90}?[.,;!:—-]?\s*(?:but |however,? )?(?:due to [^.\n]{0,100}, )?"
    r"\b(?:i|we)\s?(?:['’]m |am |are )?"
    r"(?:can ?not|can['’]t|could not|won['’]t(?: be able to)?|will not(?: be able to)?"
    r"|not able to|unable to"
    r"|do not feel comfortable)"
    rf"\s+(?:to )?(?:\w+ )?{_REFUSED}"
    r"|(?:i['’]?m sorry,? but )?i (?:must|have to) (?:respectfully )?(?:decline|refuse)\b"
    r"|i (?:do not|don['’]t) have the ability to\b|(?:that"
    r"|this) is not something (?:that )?i (?:can|am able)"
    r"|i['’]?(?:m| am) not (?:comfortable|allowed|permitted|able) (?:to |with |writing"
    r"|providing|doing)",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"(?:leider|bedaure)[^\n.]{0,30}(?:kann|darf) ich[^\n.]{0,60}(?:nicht|keine)[^\n.]{0,30}"
    r"(?:helfen|beantworten|erfüllen|unterstützen|nachkommen|geben)"
    r"|no puedo (?:ayudar|responder|cumplir)|non posso (?:aiutar|rispondere)"
    r"|je ne peux pas (?:vous aider|"
    r"répondre|t['’]aider|fournir)|(?:я )?не могу (?:помочь|ответить|выполнить)|(?:我)?(?:无法"
    r"|不能)(?:帮助|回答|提供)|"
    r"(?:es )?tut mir (?:sehr )?leid[^\n]{0,60}(?:kann|darf)[^\n.]{0,60}"
    r"(?:nicht|keine)[^\n.]{0,60}(?:helfen|beantworten|erfüllen|unterstützen|geben|nachkommen)"
    r"|(?:je suis )?désolée?[^\n]{0,40}je ne (?:peux|suis)[^\n.]{0,60}(?:aider|répondre"
    r"|fournir|capable)"
    r"|lo siento[^\n]{0,30}no (?:puedo|es posible)[^\n.]{0,60}(?:ayudar|responder"
    r"|proporcionar|cumplir)"
    r"|mi dispiace[^\n]{0,30}non posso[^\n.]{0,60}(?:aiutar|rispondere|fornire)"
    r"|(?:desculpe|sinto muito)[^\n]{0,30}não posso[^\n.]{0,60}(?:ajudar|responder|fornecer)"
    r"|(?:很?抱歉|对不起)[^\n]{0,20}(?:无法|不能)[^\n]{0,20}(?:帮助|回答|提供|满足|协助)"
    r"|申し訳(?:ありません|ございません)[^\n]{0,40}(?:できません|お答え|対応)"
    r"|(?:извините|к сожалению|простите)[^\n]{0,30}не (?:могу|можем)[^\n.]{0,60}(?:помочь"
    r"|ответить|предостав|выполн)",
    re.IGNORECASE,
)
_OPENING = 320


def assistant_boilerplate(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output speaks of itself as a language model, and the task does not."""
    output = subject.example.output
    if _ANCHORS.isdisjoint(subject.words[1]) and not any(one in output for one in _UNSPACED):
        return []
    found = _MODEL.search(output)
    if not found or _asked(_MODEL, subject):
        return []
    words = found.group()
    return [Flaw("output", *found.span(), f"“{words}”: the output speaks of itself as a model.")]


def refusal(subject: Subject, settings: FindingSettings) -> list[Flaw]:
    """The output opens with a refusal, and the input holds none to be rewritten."""
    opening = subject.example.output[:_OPENING].lstrip()
    lowered = opening.lower()
    english = any(
        sign in lowered
        for sign in ("can", "able", "will not", "won", "decline", "refuse", "ability", "not ")
    )
    found = (_REFUSAL.match(opening) if english else None) or _ELSEWHERE.match(opening)
    if not found or _asked(_REFUSAL, subject) or _asked(_ELSEWHERE, subject):
        return []
    shift = subject.example.output.find(opening)
    return [
        Flaw(
            "output",
            found.start() + shift,
            found.end() + shift,
            "The output refuses the task. Keep it only if the model should learn to refuse this.",
        )
    ]


def _asked(pattern: re.Pattern[str], subject: Subject) -> bool:
    """Whether the task itself holds such words, to translate or to discuss."""
    example = subject.example
    return bool(pattern.search(example.input) or pattern.search(example.instruction))
