"""Sizes, lengths and scales between how people write them and how we compute with them."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import Final, Literal

from planroom.errors import UsageError

UnitSystem = Literal["metric", "imperial"]

FOOT_M: Final = 0.3048
INCH_M: Final = 0.0254
POINT_M: Final = INCH_M / 72
_BYTES = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_BYTES |= {f"{k}I": 1024**i for i, k in enumerate("KMGT", start=1)}


def parse_bytes(text: str) -> int:
    """The bytes in "2GiB", "1.5 GB" or "1073741824". Raises UsageError for anything else, and for less than one."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?\s*", text.upper())
    if not match or match[2] == "I":
        raise UsageError(f"{text!r} is not a size", hint="write it like 2GiB, 1500MB or a number of bytes")
    many = float(match[1]) * _BYTES[match[2]]
    if many > 2**60:
        raise UsageError(f"{text[:40]!r} is more than any machine has", hint="write it like 2GiB")
    size = int(many)
    if size < 1:
        raise UsageError(f"{text!r} is no room at all", hint="write it like 2GiB")
    return size


def format_bytes(size: int) -> str:
    """`size` for people: "1.5 GiB"."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


_CONVERSIONS: Final[dict[str, dict[UnitSystem, tuple[str, float]]]] = {
    "m": {"metric": ("m", 1.0), "imperial": ("ft", 1 / FOOT_M)},
    "m2": {"metric": ("m2", 1.0), "imperial": ("ft2", 1 / FOOT_M**2)},
    "m3": {"metric": ("m3", 1.0), "imperial": ("ft3", 1 / FOOT_M**3)},
    "pcs": {"metric": ("pcs", 1.0), "imperial": ("pcs", 1.0)},
}


def in_system(value: float, unit: str, system: UnitSystem) -> tuple[float, str]:
    """`value` of an SI `unit` (m, m2, m3, pcs) in the customer's system, with its unit."""
    name, factor = _CONVERSIONS[unit][system]
    return value * factor, name


_QUOTES = str.maketrans("’‘′´`”“″„‟〃", "'" * 5 + '"' * 6)
_PARTS = {"¼": "1/4", "½": "1/2", "¾": "3/4", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
_FEET = re.compile(r"^(\d+)\s*'\s*-?\s*(?:(\d+)(?:\s+(\d+)/(\d+))?|(\d+)/(\d+))?\s*\"?$")
_INCHES = re.compile(r"^(\d+)(?:\s+(\d+)/(\d+))?\s*\"$")
_RAISED = re.compile(r"^(\d{1,3})(?:[.,](\d{2}))?\s*([⁰¹²³⁴⁵⁶⁷⁸⁹])$")  # 36⁵ cm, 1,76⁵ m: millimetres written small
_PLAIN = re.compile(r"^(\d{1,6})(?:[.,](\d{1,3}))?\s*(mm|cm|m)?$")


def _straight(text: str) -> str:
    """`text` with plain quotes, and the fractions that are one character written out."""
    string = text.translate(_QUOTES).replace("''", '"')
    for sign, part in _PARTS.items():
        string = re.sub(rf"(?<=\d){sign}", f" {part}", string).replace(sign, part)
    return string


def parse_lengths(text: str) -> list[float]:
    """What a dimension text can mean, in metres: one value for 3'-6" or 2.5 m, several for a bare "1280" or "1,28"."""
    string = _straight(text.strip()).rstrip("±").strip()
    if "'" in string:
        string = string.replace("°", '"')  # what optical reading makes of the mark of inches
    if match := _FEET.match(string):
        feet, inches, above, below, *stuck = match.groups()
        many = [int(inches) + _part(above, below)] if inches else _stuck(*stuck) if stuck[0] else [0.0]
        return [int(feet) * FOOT_M + inch * INCH_M for inch in many]
    if match := _INCHES.match(string):
        inches, above, below = match.groups()
        return [(int(inches) + _part(above, below)) * INCH_M]
    if match := _RAISED.match(string):
        cm = int(match[1]) if match[2] is None else 100 * int(match[1]) + int(match[2])
        return [cm / 100 + int(unicodedata.normalize("NFKC", match[3])) / 1000]
    if match := _PLAIN.match(string):
        value = float(f"{match[1]}.{match[2] or 0}")
        if match[3]:
            return [value * {"mm": 0.001, "cm": 0.01, "m": 1.0}[match[3]]]
        units = (1.0, 0.01) if match[2] else (0.001, 0.01, 1.0)
        return [value * unit for unit in units if 0.03 <= value * unit <= 500]
    return []


def written_step_m(text: str, value_m: float) -> float:
    """The last digit of a dimension text that means `value_m`, in metres; 0 for feet and inches, whose fractions are
    left out where they are nothing.
    """
    string = _straight(text.strip())
    if "'" in string or '"' in string:
        return 0.0
    if _RAISED.match(string):
        return 0.001
    match = _PLAIN.match(string.rstrip("±").strip())
    if match is None:
        return 0.0
    unit_m = value_m / (float(f"{match[1]}.{match[2] or 0}") or 1.0)
    return float(unit_m / 10 ** len(match[2] or ""))


def write_like(text: str, value_m: float, length_m: float) -> str:
    """`length_m` as a dimension text that means `value_m` would write it: its unit, decimals and decimal mark; feet
    and inches to the eighth of an inch.
    """
    step_m = written_step_m(text, value_m)
    if step_m == 0.0:
        return _in_feet(length_m)
    match = _PLAIN.match(text.strip().rstrip("±").strip())
    if match is None:  # a raised digit
        return f"{length_m:.3f} m"
    decimals = len(match[2] or "")
    number = f"{length_m / step_m / 10**decimals:.{decimals}f}"
    unit = f" {match[3]}" if match[3] else ""
    return (number.replace(".", ",") if "," in text else number) + unit


def _in_feet(length_m: float) -> str:
    feet, eighths = divmod(round(length_m / INCH_M * 8), 96)
    inches, rest = divmod(eighths, 8)
    part = f" {Fraction(rest, 8)}" if rest else ""
    return f"{feet}'-{inches}{part}\""


def _stuck(above: str, below: str) -> list[float]:
    """The inches that a fraction without its space can mean: 10 1/2 for 101/2, 11 3/16 or 1 13/16 for 113/16."""
    if int(above) < int(below):
        return [_part(above, below)]
    splits = [(int(above[:k]), above[k:]) for k in range(1, len(above))]
    found = [
        whole + _part(rest, below) for whole, rest in splits if whole < 12 and rest[0] != "0" and _is_odd(rest, below)
    ]
    return sorted(found, reverse=True)


def _is_odd(above: str, below: str) -> bool:
    """Whether a fraction is one of a ruler: below 1, and reduced."""
    return int(above) < int(below) and int(above) % 2 == 1 and below in ("2", "4", "8", "16", "32", "64")


def _part(above: str | None, below: str | None) -> float:
    return int(above) / int(below) if above and below and int(below) else 0.0


_RATIO = re.compile(r"(?<![\d:./,'])1\s*[:/]\s*(\d{1,2}[.,]?\d{3}|\d{1,5}(?:[.,]\d)?)(?![\d:/\"'])")
# optical reading loses quotes and dashes: 1/4"=1'0", 1/4" =1-0, 1/4=1'-O"
_PAPER = (
    r"(?<![\d/.])(?:(\d)(?:\s*-\s*|\s+))?(?:(\d{1,2})\s*/\s*(\d{1,2})|(\d{1,2}(?:\.\d{1,3})?))\s*(?:[\"']|in\.?|inch)?"
)
_REAL = (
    r"(?:(\d{1,4}(?:\.\d{1,2})?)\s*(?:'|ft\.?|feet|foot)(?:\s*-?\s*(\d{1,2})(?!\d))?|(\d{1,3})\s*-\s*(\d{1,2})(?!\d))"
)
_INCH_SCALE = re.compile(rf"{_PAPER}\s*=\s*(?:{_REAL}|(1\s*0)\s*\"?$)", re.IGNORECASE)
_CM_SCALE = re.compile(
    r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,2})?)\s*cm\s*(?:=|pour|for|per|pro|por|per|je)\s*(\d{1,3}(?:[.,]\d{1,2})?)\s*m\b",
    re.IGNORECASE,
)


def parse_ratios(text: str) -> list[float]:
    """Every scale ratio that `text` names, in order, each once: 48 and 96 for 1/4" = 1'-0" OR 1/8" = 1'-0"."""
    string = _straight(text)
    if "=" in string:
        string = _mended(string.replace("°", '"').replace("º", '"'))
    found = [(m.start(), _inch_ratio(m)) for m in _INCH_SCALE.finditer(string)]
    found += [(m.start(), 100 * _number(m[2]) / _number(m[1])) for m in _CM_SCALE.finditer(string) if _number(m[1])]
    taken = [m.span() for m in _INCH_SCALE.finditer(string)]
    for match in _RATIO.finditer(string):
        if not any(start <= match.start() < end for start, end in taken):
            digits = match[1]
            thousands = re.fullmatch(r"\d{1,2}[.,]\d{3}", digits)
            found.append((match.start(), float(re.sub(r"[.,]", "" if thousands else ".", digits))))
    ratios = [ratio for _, ratio in sorted(found) if ratio is not None and 1 <= ratio <= 50000]
    return list(dict.fromkeys(ratios))


def parse_ratio(text: str) -> float | None:
    """The scale ratio in "1:50", "M 1:100", "1/4\\" = 1'-0\\"" or "1\\" = 64'"; None where there is none."""
    return next(iter(parse_ratios(text)), None)


def _mended(string: str) -> str:
    """A note in inches with the letters that were read for digits put right: I/B" = I'-O" is 1/8" = 1'-0"."""
    string = re.sub(r"(?<![A-Za-z])[Il|](?=\s*[/'\"=\d])|(?<=[=\d])\s*[Il|](?=['\"\-])", "1", string)
    string = re.sub(r"(?<=/)\s*A\b", "4", re.sub(r"(?<=/)\s*B\b", "8", string))
    return re.sub(r"(?<=[-'\d.])\s*[oO](?![A-Za-z])", "0", string)


def _inch_ratio(match: re.Match[str]) -> float | None:
    whole, above, below, inch, feet, inches, bare_feet, bare_inches, lost = match.groups()
    if above and below and len(above) == 2 and int(above) > int(below):
        whole, above = above[0], above[1]  # 11/2 was written as 1 1/2
    paper = int(whole or 0) + (_part(above, below) if above else float(inch))
    real = 12.0 if lost else float(feet or bare_feet) * 12 + int(inches or bare_inches or 0)
    return round(real / paper, 6) if paper > 0 and real > 0 else None


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))


def parse_scale(text: str) -> float:
    """The ratio that a person gives: "1:50", "50" or 1/4"=1'-0". Raises UsageError."""
    ratio = parse_ratio(text)
    if ratio is None and re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        ratio = float(text)
    if not ratio or ratio < 1:
        raise UsageError(f"{text!r} is no scale", hint='write it like 1:50 or 1/4"=1\'-0"')
    return ratio
