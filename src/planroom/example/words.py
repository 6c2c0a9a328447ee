"""What the sheets say, in four languages, and how they write lengths, areas and scales."""

from __future__ import annotations

from typing import Final, Literal

from planroom.units import FOOT_M, INCH_M

Language = Literal["en", "de", "fr", "es"]
LengthStyle = Literal["mm", "m", "ft"]

# en, en in the United States, de, fr, es
_TABLE: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "hall": ("HALL", "FOYER", "FLUR", "ENTRÉE", "RECIBIDOR"),
    "living": ("LIVING ROOM", "LIVING ROOM", "WOHNEN", "SÉJOUR", "SALÓN"),
    "dining": ("DINING", "DINING", "ESSEN", "SALLE À MANGER", "COMEDOR"),
    "kitchen": ("KITCHEN", "KITCHEN", "KÜCHE", "CUISINE", "COCINA"),
    "storage": ("STORE", "STORAGE", "ABSTELLRAUM", "RANGEMENT", "TRASTERO"),
    "toilet": ("WC", "POWDER", "WC", "WC", "ASEO"),
    "utility": ("UTILITY", "LAUNDRY", "HWR", "BUANDERIE", "LAVADERO"),
    "garage": ("GARAGE", "GARAGE", "GARAGE", "GARAGE", "GARAJE"),
    "bedroom": ("BEDROOM", "BEDROOM", "SCHLAFEN", "CHAMBRE", "DORMITORIO"),
    "bathroom": ("BATHROOM", "BATH", "BAD", "SALLE DE BAIN", "BAÑO"),
    "ensuite": ("EN-SUITE", "MASTER BATH", "DUSCHBAD", "SALLE D'EAU", "BAÑO 2"),
    "dressing": ("DRESSING", "W.I.C.", "ANKLEIDE", "DRESSING", "VESTIDOR"),
    "closet": ("CLOSET", "CLOSET", "SCHRANK", "PLACARD", "ARMARIO"),
    "cover": ("COVER SHEET", "COVER SHEET", "DECKBLATT", "PAGE DE GARDE", "PORTADA"),
    "index": ("DRAWING LIST", "SHEET INDEX", "PLANLISTE", "LISTE DES PLANS", "LISTA DE PLANOS"),
    "site": ("SITE PLAN", "SITE PLAN", "LAGEPLAN", "PLAN DE MASSE", "PLANO DE SITUACIÓN"),
    "storey 0": ("GROUND FLOOR", "FIRST FLOOR", "ERDGESCHOSS", "REZ-DE-CHAUSSÉE", "PLANTA BAJA"),
    "storey 1": ("FIRST FLOOR", "SECOND FLOOR", "OBERGESCHOSS", "ÉTAGE 1", "PLANTA PRIMERA"),
    "plan": ("{} PLAN", "{} PLAN", "GRUNDRISS {}", "PLAN {}", "{}"),
    "enlarged": (
        "ENLARGED PLAN {}",
        "ENLARGED PLAN - {}",
        "DETAILGRUNDRISS {}",
        "PLAN DE DÉTAIL {}",
        "PLANTA DE DETALLE {}",
    ),
    "ceiling": (
        "REFLECTED CEILING PLAN {}",
        "REFLECTED CEILING PLAN - {}",
        "DECKENSPIEGEL {}",
        "PLAN DE PLAFOND {}",
        "PLANO DE TECHOS {}",
    ),
    "demolition": (
        "DEMOLITION PLAN {}",
        "DEMOLITION PLAN - {}",
        "ABBRUCHPLAN {}",
        "PLAN DE DÉMOLITION {}",
        "PLANO DE DEMOLICIÓN {}",
    ),
    "elevations": ("ELEVATIONS", "EXTERIOR ELEVATIONS", "ANSICHTEN", "FAÇADES", "ALZADOS"),
    "south": ("SOUTH ELEVATION", "SOUTH ELEVATION", "ANSICHT SÜD", "FAÇADE SUD", "ALZADO SUR"),
    "north": ("NORTH ELEVATION", "NORTH ELEVATION", "ANSICHT NORD", "FAÇADE NORD", "ALZADO NORTE"),
    "east": ("EAST ELEVATION", "EAST ELEVATION", "ANSICHT OST", "FAÇADE EST", "ALZADO ESTE"),
    "west": ("WEST ELEVATION", "WEST ELEVATION", "ANSICHT WEST", "FAÇADE OUEST", "ALZADO OESTE"),
    "section": ("SECTION A-A", "BUILDING SECTION A-A", "SCHNITT A-A", "COUPE A-A", "SECCIÓN A-A"),
    "schedule": (
        "DOOR AND WINDOW SCHEDULES",
        "DOOR & WINDOW SCHEDULES",
        "TÜR- UND FENSTERLISTE",
        "TABLEAU DES MENUISERIES",
        "CUADRO DE CARPINTERÍA",
    ),
    "door schedule": ("DOOR SCHEDULE", "DOOR SCHEDULE", "TÜRLISTE", "TABLEAU DES PORTES", "CUADRO DE PUERTAS"),
    "window schedule": (
        "WINDOW SCHEDULE",
        "WINDOW SCHEDULE",
        "FENSTERLISTE",
        "TABLEAU DES FENÊTRES",
        "CUADRO DE VENTANAS",
    ),
    "mark": ("MARK", "MARK", "NR.", "REPÈRE", "REF."),
    "type": ("TYPE", "TYPE", "ART", "TYPE", "TIPO"),
    "width": ("WIDTH", "WIDTH", "BREITE", "LARGEUR", "ANCHO"),
    "height": ("HEIGHT", "HEIGHT", "HÖHE", "HAUTEUR", "ALTO"),
    "sill": ("SILL", "SILL", "BRÜSTUNG", "ALLÈGE", "ANTEPECHO"),
    "level": ("LEVEL", "LEVEL", "GESCHOSS", "NIVEAU", "PLANTA"),
    "quantity": ("QTY", "QTY", "STK", "QTÉ", "CANT."),
    "remarks": ("REMARKS", "REMARKS", "BEMERKUNG", "REMARQUES", "NOTAS"),
    "type single": ("single leaf", "SINGLE", "Drehflügel", "1 vantail", "1 hoja"),
    "type double": ("double leaf", "PAIR", "zweiflügelig", "2 vantaux", "2 hojas"),
    "type sliding": ("sliding", "SLIDING", "Schiebetür", "coulissante", "corredera"),
    "type pocket": ("pocket", "POCKET", "Taschentür", "à galandage", "empotrada"),
    "type bifold": ("bifold", "BIFOLD", "Falttür", "pliante", "plegable"),
    "type garage": ("sectional", "OVERHEAD", "Garagentor", "sectionnelle", "seccional"),
    "type window": ("casement", "CASEMENT", "Fenster", "ouvrant", "batiente"),
    "sheet": ("SHEET", "SHEET", "PLAN-NR.", "PLAN N°", "PLANO"),
    "project": ("PROJECT", "PROJECT", "PROJEKT", "PROJET", "PROYECTO"),
    "client": ("CLIENT", "OWNER", "BAUHERR", "MAÎTRE D'OUVRAGE", "CLIENTE"),
    "title": ("TITLE", "TITLE", "INHALT", "TITRE", "TÍTULO"),
    "scale": ("SCALE", "SCALE", "MASSSTAB", "ÉCHELLE", "ESCALA"),
    "date": ("DATE", "DATE", "DATUM", "DATE", "FECHA"),
    "revision": ("REV", "REV", "INDEX", "INDICE", "REV."),
    "drawn": ("DRAWN", "DRAWN BY", "GEZ.", "DESSINÉ", "DIBUJADO"),
    "up": ("UP", "UP", "AUF", "HAUT", "SUBE"),
    "down": ("DN", "DN", "AB", "BAS", "BAJA"),
    "north mark": ("N", "N", "N", "N", "N"),
    "legend": ("LEGEND", "LEGEND", "LEGENDE", "LÉGENDE", "LEYENDA"),
    "existing": ("EXISTING WALL", "EXISTING WALL", "BESTAND", "MUR EXISTANT", "MURO EXISTENTE"),
    "new": ("NEW WALL", "NEW WALL", "NEUBAU", "MUR NOUVEAU", "MURO NUEVO"),
    "demolished": (
        "WALL TO BE DEMOLISHED",
        "WALL TO BE DEMOLISHED",
        "ABBRUCH",
        "MUR À DÉMOLIR",
        "MURO A DEMOLER",
    ),
    "clear height": ("CLEAR HEIGHT", "CLG HT", "LICHTE HÖHE", "H.S.P.", "ALTURA LIBRE"),
    "clear": ("CH", "CLG", "LH", "HSP", "AL"),
    "notes": ("NOTES", "GENERAL NOTES", "HINWEISE", "NOTES", "NOTAS"),
    "note mm": (
        "1. ALL DIMENSIONS IN MILLIMETRES.",
        "1. ALL DIMENSIONS IN MILLIMETERS.",
        "1. ALLE MASSE IN MILLIMETER.",
        "1. COTES EN MILLIMÈTRES.",
        "1. COTAS EN MILÍMETROS.",
    ),
    "note m": (
        "1. ALL DIMENSIONS IN METRES.",
        "1. ALL DIMENSIONS IN METERS.",
        "1. ALLE MASSE IN METER.",
        "1. COTES EN MÈTRES.",
        "1. COTAS EN METROS.",
    ),
    "note ft": (
        "1. DIMENSIONS TO FACE OF WALL.",
        "1. DIMENSIONS ARE TO FACE OF FINISH.",
        "1. MASSE AN FERTIGER OBERFLÄCHE.",
        "1. COTES AU NU FINI.",
        "1. COTAS A CARA ACABADA.",
    ),
    "note 2": (
        "2. DO NOT SCALE FROM THIS DRAWING.",
        "2. DO NOT SCALE DRAWINGS.",
        "2. MASSE SIND AM BAU ZU PRÜFEN.",
        "2. VÉRIFIER LES COTES SUR PLACE.",
        "2. COMPROBAR LAS COTAS EN OBRA.",
    ),
    "note 3": (
        "3. FOR DOORS AND WINDOWS SEE A-601.",
        "3. FOR DOORS AND WINDOWS SEE A-601.",
        "3. TÜREN UND FENSTER SIEHE A-601.",
        "3. MENUISERIES : VOIR A-601.",
        "3. CARPINTERÍA: VER A-601.",
    ),
    "boundary": ("SITE BOUNDARY", "PROPERTY LINE", "GRUNDSTÜCKSGRENZE", "LIMITE DE PROPRIÉTÉ", "LINDERO"),
    "street": ("STREET", "STREET", "STRASSE", "RUE", "CALLE"),
    "no scale": ("NOT TO SCALE", "N.T.S.", "o. M.", "SANS ÉCHELLE", "SIN ESCALA"),
    "project name": (
        "HOUSE ON MILL LANE",
        "MAPLE STREET RESIDENCE",
        "EINFAMILIENHAUS AM MÜHLWEG",
        "MAISON RUE DU MOULIN",
        "VIVIENDA CALLE DEL MOLINO",
    ),
    "client name": ("MR AND MRS BAKER", "J. & A. MILLER", "FAMILIE BECKER", "M. ET MME LEFÈVRE", "FAMILIA ORTEGA"),
}
_COLUMN: Final[dict[str, int]] = {"en": 0, "us": 1, "de": 2, "fr": 3, "es": 4}
IMPERIAL_SCALES: Final[dict[int, str]] = {
    24: '1/2" = 1\'-0"',
    48: '1/4" = 1\'-0"',
    96: '1/8" = 1\'-0"',
    192: '1/16" = 1\'-0"',
    240: '1" = 20\'-0"',
}


class Words:
    """The words and number formats of one variant; `units` imperial makes English American."""

    def __init__(self, language: Language, units: Literal["metric", "imperial"], lengths: LengthStyle):
        self._column = _COLUMN["us" if language == "en" and units == "imperial" else language]
        self._comma = language != "en"
        self.units = units
        self.lengths = lengths

    def __call__(self, key: str) -> str:
        """The words of `key`. Raises KeyError."""
        return _TABLE[key][self._column]

    def number(self, value: float, digits: int) -> str:
        """`value` with the language's decimal mark."""
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self._comma else text

    def area(self, area_m2: float) -> str:
        """An area as a room label prints it."""
        if self.units == "imperial":
            return f"{area_m2 / FOOT_M**2:.0f} SF"
        return f"{self.number(area_m2, 2)} m²"

    def length(self, length_m: float) -> str:
        """A length as a dimension prints it; imperial to the nearest eighth of an inch."""
        if self.lengths == "mm":
            return f"{length_m * 1000:.0f}"
        if self.lengths == "m":
            text = f"{length_m:.3f}"
            text = text[:-1] if text.endswith("0") else text
            return text.replace(".", ",") if self._comma else text
        eighths = round(length_m / INCH_M * 8)
        feet, rest = divmod(eighths, 96)
        inches, part = divmod(rest, 8)
        fraction = {0: "", 1: " 1/8", 2: " 1/4", 3: " 3/8", 4: " 1/2", 5: " 5/8", 6: " 3/4", 7: " 7/8"}[part]
        return f"{feet}'-{inches}{fraction}\""

    def scale(self, ratio: int) -> str:
        """A scale as the title block prints it."""
        return IMPERIAL_SCALES[ratio] if self.units == "imperial" else f"1:{ratio}"
