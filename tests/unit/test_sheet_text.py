"""Words on a sheet: joined runs, room labels in every language, areas, tags' shapes."""

from __future__ import annotations

import pytest

from planroom.records import Text
from planroom.sheet.text import join_runs, parse_area, plain, read_label, use_of, uses_of
from planroom.units import FOOT_M
from plans import text

LABELS = {
    "en": {
        "bedroom": ["BEDROOM 2", "Master Bedroom", "BED", "BED 1", "BDRM", "BR", "GUEST ROOM", "NURSERY"],
        "toilet": ["WC", "W.C.", "TOILET", "POWDER", "PDR", "LAVATORY", "1/2 BATH", "CLOAKROOM"],
        "bathroom": ["BATH", "MASTER BATH", "SHOWER", "ENSUITE", "EN-SUITE"],
        "kitchen": ["KITCHEN", "KIT."],
        "living": ["LIVING ROOM", "GREAT ROOM", "LOUNGE", "DEN"],
        "hall": ["HALL", "CORRIDOR", "ENTRY", "FOYER", "MUD ROOM"],
        "closet": ["W.I.C.", "WIC", "CLOSET", "LINEN"],
        "garage": ["2 CAR GARAGE", "GARAGE"],
        "utility": ["UTILITY", "LAUNDRY"],
        "outdoor": ["COVERED PORCH", "DECK"],
    },
    "de": {
        "bedroom": ["SCHLAFZIMMER", "SZ", "Schlafen", "KINDERZIMMER 1", "Kind 2", "ELTERN", "GAST"],
        "toilet": ["WC", "GÄSTE-WC", "Toilette"],
        "bathroom": ["BAD", "BAD/WC", "DUSCHE", "DU"],
        "kitchen": ["KÜCHE", "Kochen"],
        "living": ["WOHNEN", "WZ", "Wohnzimmer"],
        "dining": ["ESSEN", "Esszimmer"],
        "hall": ["FLUR", "DIELE", "WF", "Windfang"],
        "storage": ["ABSTELLRAUM", "AR", "Keller"],
        "utility": ["HWR", "Technik", "HAR"],
        "stair": ["TREPPENHAUS"],
        "office": ["BÜRO", "Arbeiten"],
    },
    "fr": {
        "bedroom": ["CHAMBRE 3", "CH.", "CH. 2", "CHB"],
        "toilet": ["WC", "TOILETTES"],
        "bathroom": ["SALLE DE BAINS", "SDB", "S.D.B.", "SALLE D'EAU", "SDE"],
        "kitchen": ["CUISINE", "CUIS."],
        "living": ["SÉJOUR", "SEJOUR", "SALON"],
        "hall": ["ENTRÉE", "DGT", "DÉGAGEMENT", "COULOIR"],
        "storage": ["CELLIER", "RGT"],
        "closet": ["PLACARD", "PL."],
        "utility": ["BUANDERIE"],
        "dining": ["SALLE À MANGER"],
    },
    "fi": {
        "bedroom": ["MAKUUHUONE", "MH", "MH 1"],
        "toilet": ["WC", "VESSA"],
        "bathroom": ["KH", "KPH", "KYLPYHUONE"],
        "shower": ["PH", "PESUH.", "PESUHUONE"],
        "kitchen": ["KEITTIÖ", "K", "KT"],
        "living": ["OH", "OLOHUONE"],
        "hall": ["ET", "TK", "ETEINEN", "AULA"],
        "storage": ["VAR", "VARASTO", "VH"],
        "sauna": ["SAUNA", "S"],
        "utility": ["KHH"],
        "garage": ["AT", "AUTOTALLI"],
        "office": ["TH"],
        "outdoor": ["PARVEKE", "TERASSI"],
    },
    "sv": {
        "bedroom": ["SOVRUM 1", "SOV"],
        "toilet": ["WC", "TOALETT"],
        "bathroom": ["BAD", "BADRUM", "DUSCH"],
        "kitchen": ["KÖK"],
        "living": ["VARDAGSRUM", "ALLRUM"],
        "hall": ["HALL", "ENTRÉ"],
        "storage": ["FÖRRÅD", "FRD"],
        "closet": ["KLK", "KLÄDKAMMARE"],
        "utility": ["TVÄTTSTUGA"],
    },
    "es": {
        "bedroom": ["DORMITORIO 2", "DORM", "DORM. 1", "HABITACIÓN", "HAB."],
        "toilet": ["ASEO", "WC"],
        "bathroom": ["BAÑO", "BAÑO 1", "CUARTO DE BAÑO"],
        "kitchen": ["COCINA", "COC."],
        "living": ["SALÓN", "ESTAR", "SALÓN-COMEDOR"],
        "dining": ["COMEDOR"],
        "hall": ["PASILLO", "DISTRIBUIDOR", "VESTÍBULO"],
        "storage": ["DESPENSA", "TRASTERO"],
        "utility": ["LAVADERO"],
        "outdoor": ["TERRAZA"],
    },
    "it": {
        "bedroom": ["CAMERA", "CAMERA DA LETTO", "LETTO 1", "CAMERETTA", "MATRIMONIALE"],
        "toilet": ["WC", "SERVIZIO"],
        "bathroom": ["BAGNO", "BAGNO 2", "DOCCIA"],
        "kitchen": ["CUCINA"],
        "living": ["SOGGIORNO"],
        "dining": ["PRANZO"],
        "hall": ["INGRESSO", "DISIMPEGNO", "DISIMP.", "CORRIDOIO"],
        "storage": ["RIPOSTIGLIO", "RIP."],
        "closet": ["CABINA ARMADIO"],
        "outdoor": ["BALCONE", "PORTICO"],
    },
    "pt": {
        "bedroom": ["QUARTO", "QUARTO 1", "SUÍTE", "DORMITÓRIO"],
        "toilet": ["WC", "I.S.", "INSTALAÇÃO SANITÁRIA"],
        "bathroom": ["BANHEIRO", "CASA DE BANHO"],
        "kitchen": ["COZINHA"],
        "living": ["SALA", "SALA DE ESTAR"],
        "dining": ["SALA DE JANTAR"],
        "hall": ["CORREDOR", "CIRCULAÇÃO", "ÁTRIO"],
        "storage": ["ARRUMOS", "ARRECADAÇÃO"],
        "utility": ["LAVANDARIA", "ÁREA DE SERVIÇO"],
        "closet": ["ROUPEIRO"],
        "outdoor": ["VARANDA"],
    },
    "nl": {
        "bedroom": ["SLAAPKAMER 1", "SLPK", "SLK"],
        "toilet": ["WC", "TOILET"],
        "bathroom": ["BADKAMER", "DOUCHE", "BADK"],
        "kitchen": ["KEUKEN"],
        "living": ["WOONKAMER"],
        "dining": ["EETKAMER"],
        "hall": ["HAL", "GANG", "OVERLOOP", "INKOMHAL"],
        "storage": ["BERGING"],
        "utility": ["BIJKEUKEN", "WASRUIMTE"],
        "outdoor": ["TERRAS"],
        "closet": ["INLOOPKAST"],
    },
}
EVERY = [(lang, use, label) for lang, uses in LABELS.items() for use, labels in uses.items() for label in labels]


@pytest.mark.parametrize(("lang", "use", "label"), EVERY, ids=[f"{lang}-{label}" for lang, _, label in EVERY])
def test_labels_are_understood_in_every_language_and_case(lang: str, use: str, label: str) -> None:
    assert use_of(label) == use
    assert use_of(label.lower()) == use
    assert use_of(f"%%u{label} ") == use


@pytest.mark.parametrize(
    "string",
    [
        "",
        "3.20",
        "DN 50",
        "SEE DETAIL 4",
        "KX",
        "1500 BATH",
        "BEDROCK",
        "CHAIR",
        "S1",
        "K 2",
        "WALL TO STAY AS IT IS HERE",
    ],
)
def test_other_words_have_no_use(string: str) -> None:
    assert use_of(string) == ""


@pytest.mark.parametrize(
    ("string", "use"),
    [
        ("MASTER BEDROOM", "bedroom"),
        ("MASTER BATH", "bathroom"),
        ("MASTER CLOSET", "closet"),
        ("BEDROOM CLOSET", "closet"),
        ("SALA DA PRANZO", "dining"),
        ("SALON-COMEDOR", "living"),
        ("GÄSTE-WC", "toilet"),
        ("KH/WC", "toilet"),
    ],
)
def test_the_longest_known_phrase_wins(string: str, use: str) -> None:
    assert use_of(string) == use


# ---- areas -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("string", "area"),
    [
        ("11.45 m²", 11.45),
        ("12,34m2", 12.34),
        ("WFL 8,5 qm", 8.5),
        ("9 sq m", 9.0),
        ("133 SF", 133 * FOOT_M**2),
        ("200 sq. ft.", 200 * FOOT_M**2),
        ("64 ft²", 64 * FOOT_M**2),
    ],
)
def test_printed_areas_become_square_metres(string: str, area: float) -> None:
    assert parse_area(string) == pytest.approx(area)


@pytest.mark.parametrize("string", ["", "12.34", "3 mm", "BEDROOM 2", "4.20 m", "1:50"])
def test_other_numbers_are_no_areas(string: str) -> None:
    assert parse_area(string) is None


# ---- runs --------------------------------------------------------------------------------------------------------


def run(string: str, x0: float, y: float, height: float = 2.0, angle: float = 0.0) -> Text:
    """A run that begins at x0 (for 90 degrees: at y, going up) and is 0.6 of its height wide a letter."""
    half = 0.3 * height * len(string)
    at = (x0 + half, y) if angle == 0 else (x0, y + half)
    return text(string, at, height, angle)


def test_words_a_space_apart_are_one_phrase() -> None:
    first, second = run("CHAMBRE", 0, 0), run("3", 9.2, 0)

    (joined,) = join_runs([second, first])

    assert joined.string == "CHAMBRE 3"
    assert joined.box == (first.box[0], first.box[1], second.box[2], second.box[3])
    assert joined.x == pytest.approx((first.box[0] + second.box[2]) / 2)


def test_letters_that_touch_are_one_word() -> None:
    assert [t.string for t in join_runs([run("BED", 0, 0), run("ROOM", 3.6, 0)])] == ["BEDROOM"]


@pytest.mark.parametrize(
    "other",
    [run("ROOM", 8, 0), run("ROOM", 4.2, 2.5), run("ROOM", 4.2, 0, 3.0), run("ROOM", 4.2, 0, 2.0, 90)],
    ids=["far", "next line", "larger", "turned"],
)
def test_runs_apart_stay_apart(other: Text) -> None:
    assert len(join_runs([run("BED", 0, 0), other])) == 2


def test_words_that_run_upwards_are_joined_too() -> None:
    (joined,) = join_runs([run("ROOM", 5, 4.4, angle=90), run("BED", 5, 0, angle=90)])

    assert joined.string == "BED ROOM"


# ---- labels ------------------------------------------------------------------------------------------------------


def test_a_label_is_name_number_use_and_area() -> None:
    label = read_label([text("SCHLAFEN", (0, 6)), text("1.04", (0, 2)), text("14,20 m²", (0, -2)), text("BH", (19, 9))])

    assert label[:4] == ("SCHLAFEN", "1.04", "bedroom", 14.2)


def test_stacked_lines_are_one_name() -> None:
    assert read_label([text("MASTER", (0, 4)), text("CLOSET", (0, 0))])[:3] == ("MASTER CLOSET", "", "closet")


def test_a_note_that_names_a_room_is_not_its_name() -> None:
    note = text("FIRE WALL BETWEEN GARAGE AND", (0, 9), 2.5)

    assert read_label([note, text("KITCHEN", (0, 0), 2.5)])[2] == "kitchen"
    assert read_label([text("GARAGE", (0, 9), 1.5), text("KITCHEN", (0, 0), 2.5)])[2] == "kitchen"


def test_an_unknown_name_is_the_tallest_words() -> None:
    label = read_label(
        [text("Zimmer 4b", (0, 0), 1.5), text("ATELIER", (0, 6), 3.0), text("12'-0\" x 9'", (0, -4), 4.0)]
    )

    assert label[:4] == ("ATELIER", "", "", None)


def test_a_kitchen_that_opens_into_a_living_room_is_both() -> None:
    label = read_label([text("LIVING", (0, 0)), text("KITCHEN", (40, 0)), text("GARAGE", (80, 0), 1.5)])

    assert (label.use, label.also) == ("living", ("kitchen",))


def test_a_rooms_number_beats_a_doors_tag() -> None:
    assert read_label([text("WC", (0, 0)), text("D12", (0, 4)), text("104", (0, -6))]).number == "104"
    assert read_label([text("WC", (0, 0)), text("104", (40, 0))]).number == ""


def test_a_rooms_number_beats_a_doors_tag_where_its_name_was_not_read() -> None:
    assert read_label([text("T6", (0, 6)), text("09", (4, 0))]).number == "09"


def test_nothing_written_is_an_empty_label() -> None:
    assert read_label([])[:4] == ("", "", "", None)
    assert plain("%%uGround   FLOOR ") == "ground floor"


@pytest.mark.parametrize(
    ("read", "use"),
    [("MAKHUONE", "bedroom"), ("KEITTIO", "kitchen"), ("BATHR00M", ""), ("DINNING", "dining"), ("CHAMBRE2", "bedroom")],
)
def test_a_letter_in_five_may_be_misread(read: str, use: str) -> None:
    assert use_of(read) == use


@pytest.mark.parametrize("string", ["PLANTER", "GALLERY", "STONE", "MARBLE", "CEILING", "DETAIL"])
def test_other_long_words_name_no_room(string: str) -> None:
    assert use_of(string) == ""


def test_labels_run_together_are_both_understood() -> None:
    assert uses_of("PLACARDWC") == ("closet", "toilet")
    assert uses_of("KITCHEN") == ("kitchen",)
    assert uses_of("XWC") == ()


def test_an_area_is_no_measure_that_an_abbreviation_stands_before() -> None:
    assert use_of("MH 10.6m²") == "bedroom"
    assert use_of("CH 2600") == ""
