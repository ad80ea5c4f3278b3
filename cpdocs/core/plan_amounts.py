"""Amounts, frequencies and durations of services in running text, in figures and words of several languages (D12).

In a service's own fields any amount is one of that service. Elsewhere an amount counts where it stands beside the name
of a service that is authorized by the hour or visit: "walk 20 minutes a day" is a step of the member's own. Pure.
"""

from __future__ import annotations

import re
import unicodedata

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), None)


def as_read(text: str) -> str:
    """A text as a reader sees it: full-width and other forms of a letter as the letter, the digits of every script as
    0 to 9, every dash a hyphen, line breaks and spaces of any kind one space, nothing that isn't seen."""
    plain = unicodedata.normalize("NFKC", text.translate(_UNSEEN)).translate(_DASHES)
    digits = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in plain)
    return " ".join(digits.split())


_WORDS = (
    # English
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|sixty|half an|a dozen"
    # Spanish, Portuguese
    "|una?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|veinte|um|uma|dois|duas|três|quatro|sete|oito|nove|dez"
    # French, Haitian Creole, Russian, Vietnamese
    "|une?|deux|trois|quatre|cinq|sept|huit|neuf|dix|youn|de|twa|kat|senk|sis|sèt|uit|nèf|dis"
    "|один|два|две|три|четыре|пять|шесть|семь|восемь|девять|десять"
    "|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười"
)
_UNITS = (
    "hours?|hrs?|h|minutes?|mins?|visits?|sessions?|units?|times?|days?|nights?|weeks?|months?|trips?|miles?|shifts?"
    "|horas?|minutos?|visitas?|sesiones|sesión|veces|vez|días?|noches?|semanas?|meses|vezes|sessões|sessão|dias?|noites?"
    "|heures?|fois|visites?|séances?|jours?|nuits?|semaines?|mois|èdtan|è|fwa|vizit|jou|semèn|mwa"
    "|giờ|lần|buổi|ngày|tuần|tháng|часов|часа|час|раза?|визит\\w*|дн(?:я|ей)|день|недел\\w+"
)
_PER = r"(?:a|per|each|every|por|al?|à|par|pa|chak|mỗi|в|на)"
_AMOUNT = re.compile(
    rf"\b(?:\d+(?:[.,]\d+)?|{_WORDS})\s*-?\s*(?:{_UNITS})\b(?!\s*(?:ago|old|of age|later|before|after|back))"
    rf"|\b(?:once|twice)\s+{_PER}\s+\w+|\bx\s?\d+\s*/?\s*(?:day|week|month|wk|daily|weekly|monthly)\b"
    rf"|\b\d+\s*(?:x|×)\s*/?\s*(?:a |per )?(?:day|week|month|wk|daily|weekly|monthly)\b"
    r"|\b\d+\s*/\s*(?:day|week|month|wk|mo)\b"
    # Chinese, Arabic, Khmer: no spaces between words
    r"|[\d一二三四五六七八九十两兩半]+\s*(?:个|個)?(?:小时|小時|分钟|分鐘|次|天|周|週|星期|个月|個月)"
    r"|\d+\s*(?:ساعات|ساعة|مرات|مرة|زيارات|زيارة|أيام|يوم|أسابيع|دقيقة)|\d+\s*(?:ម៉ោង|ដង|ថ្ងៃ|សប្តាហ៍|នាទី)",
    re.IGNORECASE,
)
"""An amount, frequency or duration."""

_NONE = re.compile(
    rf"\b(?:open|available|answer\w*|staffed|reach\w*|line)\b[^.;\d]*(?:24 hours?|(?:[567]|five|six|seven) days)"
    rf"(?: (?:a|per) (?:day|week))?(?:[^.;\d]*(?:7|seven) days (?:a|per) week)?"
    rf"|\b(?:within|in|after)\s+(?:the (?:next|last|past) )?(?:\d+|{_WORDS})\s*-?\s*(?:business |working )?"
    rf"(?:{_UNITS})\b"
    rf"|\b(?:\d+|{_WORDS})\s*-?\s*(?:business |working )?(?:{_UNITS})['’]?\s+(?:notice|ahead|in advance)\b"
    r"|\bone day at a time\b",
    re.IGNORECASE,
)
"""Opening hours, deadlines and notice, which are no amount of a service."""

_BY_THE_HOUR = (
    r"(?:pcas?|personal care(?: attendants?)?|home health(?: aides?)?|homemakers?"
    r"|(?:visiting |skilled )?nurs(?:e|es|ing)|aides?|attendants?|adult day health|day habilitation|respite|companions?"
    r"|chore service|cuidado personal|auxiliar(?:es)?|enfermer[ao]s?|cuidador[ae]s?|ayudante)"
)
"""Services that are authorized by the hour or visit."""
_RATE = rf"(?:(?:\d+(?:[.,]\d+)?|{_WORDS})\s*-?\s*(?:{_UNITS})|once|twice)\s*(?:/|{_PER}\s|daily|weekly|monthly)"
_BESIDE = re.compile(
    rf"\b{_BY_THE_HOUR}(?:\s+(?:comes?|services?|help|visits?|for|is|at|gets?|has|viene)){{0,2}},?:?\s+{_RATE}"
    rf"|\b(?:\d+(?:[.,]\d+)?|{_WORDS})\s*-?\s*(?:{_UNITS})\s+(?:of|de|with (?:a|the|my))?\s*{_BY_THE_HOUR}\b"
    rf"|{_RATE}\s*\w*\s+(?:of|de)?\s*{_BY_THE_HOUR}\b",
    re.IGNORECASE,
)


def amount(text: str) -> str:
    """The first amount in the words of a service's own field, as it stands there; empty where there is none."""
    found = _AMOUNT.search(_NONE.sub(" ", as_read(text)))
    return found[0] if found else ""


def rate(text: str) -> str:
    """The first amount for a day, week or month in a name, which may hold a number of its own ("One Hour Cleaners");
    empty where there is none."""
    found = re.search(rf"\b{_RATE}", _NONE.sub(" ", as_read(text)), re.IGNORECASE)
    return found[0].strip() if found else ""


def amount_of_service(text: str) -> str:
    """The first amount in any other text that stands beside a service authorized by the hour or visit; empty where
    there is none."""
    found = _BESIDE.search(_NONE.sub(" ", as_read(text)))
    return found[0].strip() if found else ""
