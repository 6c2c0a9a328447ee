"""Plans bent after they are made: wings at an angle, slanting fronts, round houses."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np

from .plan import Plan, Wall
from .truth import Points

Bend = Callable[[Points], Points]
STEP_M = 0.35


def straight(points: Points) -> Points:
    """The points as they are."""
    return points


def choose_bend(rng: random.Random, plan: Plan) -> Bend:
    """How a plan is bent; most are not."""
    chance = rng.random()
    if chance < 0.925:
        return straight
    if chance < 0.97:
        return slanting(rng, plan)
    return round_house(rng, plan)


def slanting(rng: random.Random, plan: Plan) -> Bend:
    """From some line on, one direction slants."""
    axis = rng.choice((0, 1))
    start = rng.choice((0.0, rng.uniform(0.2, 0.6) * plan.size_m[axis]))
    slope = rng.choice((1, -1)) * rng.uniform(0.08, 0.45)

    def bend(points: Points) -> Points:
        out = np.array(points, np.float64)
        out[..., 1 - axis] += slope * np.maximum(0.0, out[..., axis] - start)
        return out

    return bend


def round_house(rng: random.Random, plan: Plan) -> Bend:
    """The plan's x runs around a centre; a ring or a part of one."""
    width, height = plan.size_m
    sweep = rng.uniform(0.8, 5.6)
    radius = max(0.9, width / sweep - height / 2)
    sweep = min(width / (radius + height / 2), 6.1)
    centre = np.array([width / 2, height / 2 + (radius + height / 2) * (1 if sweep < math.pi else 0.3)])

    def bend(points: Points) -> Points:
        array = np.asarray(points, np.float64)
        angle = (array[..., 0] / width - 0.5) * sweep - math.pi / 2
        reach = radius + height - array[..., 1]
        out: Points = centre + np.stack([reach * np.cos(angle), reach * np.sin(angle)], -1)
        return out

    return bend


def bend_walls(plan: Plan, bend: Bend) -> None:
    """Move a plan's walls and openings with a bend; curved walls become polylines."""
    if bend is straight:
        return
    for wall in plan.walls:
        bend_wall(wall, bend)


def bend_wall(wall: Wall, bend: Bend) -> None:
    """Bend one wall; its openings keep their places along it."""
    length = wall.length
    stops = [float(s) for s in np.linspace(0, length, max(2, math.ceil(length / STEP_M) + 1))]
    marks = sorted({*stops, *(s for o in wall.openings for s in (o.start, o.end))})
    bent = bend(np.array([wall.at(s)[0] for s in marks]))
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(bent, axis=0).T))])
    place = dict(zip(marks, along.tolist(), strict=True))
    for opening in wall.openings:
        at_end = abs(opening.hinge_at - opening.end) < abs(opening.hinge_at - opening.start)
        opening.start, opening.end = place[opening.start], place[opening.end]
        opening.hinge_at = opening.end if at_end else opening.start
    keep = np.concatenate([[True], bend_sizes(bent) > 1e-6, [True]])
    wall.points = bent[keep]


def bend_sizes(points: Points) -> Points:
    """How much a polyline turns at each inner point: the sine of the angle."""
    steps = np.diff(points, axis=0)
    steps /= np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)[:, None]
    out: Points = np.abs(steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0])
    return out
