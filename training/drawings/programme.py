"""Which rooms a building has: lists of roles and areas in the order in which they lie beside each other."""

from __future__ import annotations

import random

from .plan import ROLES

Asked = list[tuple[str, float]]
"""Roles with their areas in m²."""


def ask_house(rng: random.Random, bedrooms: int, storey: int = 0, stairs: bool = False) -> Asked:
    """The rooms of one storey of a house, the living rooms first, the sleeping rooms last."""
    day: list[str] = []
    night = ["bedroom"] * bedrooms
    wet = ["bath"] if rng.random() < 0.85 else ["shower", "wc"]
    if storey == 0:
        day = ["living", "kitchen"] + (["dining"] if rng.random() < 0.3 else [])
        rng.shuffle(day)
        wet += [role for role, chance in (("wc", 0.5), ("laundry", 0.35), ("sauna", 0.15)) if rng.random() < chance]
        day += [role for role, chance in (("study", 0.15), ("pantry", 0.2), ("entry", 0.5)) if rng.random() < chance]
    if bedrooms >= 3 and rng.random() < 0.6:
        wet.insert(rng.randrange(len(wet) + 1), "bath")
    wet += [role for role, chance in (("storage", 0.2), ("tech", 0.2), ("wardrobe", 0.25)) if rng.random() < chance]
    if stairs:
        day.append("stairs")
    for role in wet:
        night.insert(rng.randrange(len(night) + 1), role)
    return with_areas(rng, day + night if rng.random() < 0.7 else night + day)


def ask_flat(rng: random.Random, bedrooms: int) -> Asked:
    """The rooms of a flat; without bedrooms, a studio."""
    roles = ["living"] + (["kitchen"] if bedrooms or rng.random() < 0.5 else [])
    wet = ["bath"] + [role for role, chance in (("wc", 0.2), ("entry", 0.5), ("closet", 0.4)) if rng.random() < chance]
    if bedrooms >= 2 and rng.random() < 0.4:
        wet.append("bath")
    beds = ["bedroom"] * bedrooms
    for role in wet:
        beds.insert(rng.randrange(len(beds) + 1), role)
    return with_areas(rng, roles + beds)


def ask_offices(rng: random.Random, count: int) -> Asked:
    """The rooms of an office floor."""
    usual = ["office"] * 6 + ["meeting", "storage", "wc", "wc", "tech", "kitchen"]
    return with_areas(rng, [rng.choice(usual) for _ in range(count)])


def ask_outbuilding(rng: random.Random) -> Asked:
    """A garage, a store, a sauna: one to three rooms."""
    roles = rng.choice((["garage"], ["garage", "storage"], ["storage", "storage"], ["garage", "garage", "storage"]))
    roles = rng.choice((roles, ["sauna", "shower", "living"], ["bedroom", "living"], ["bedroom", "living", "bath"]))
    return with_areas(rng, list(roles))


def with_areas(rng: random.Random, roles: list[str]) -> Asked:
    """Each role with an area, most of them small for their kind, all of one house generous or mean alike."""
    generous = rng.random()
    return [
        (role, low + (high - low) * min(1.0, max(0.0, 0.7 * generous + rng.gauss(0.1, 0.2))))
        for role in roles
        for low, high in [ROLES[role].area]
    ]
