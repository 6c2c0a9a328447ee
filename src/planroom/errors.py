"""Every way in which planroom refuses or fails, as one tree.

Blocks: E1xx the input, E2xx its reading, E3xx memory and time, E4xx the output, E5xx what the user asked for,
E6xx the models.
A `PlanroomError` says that we could not go on. Where only a part failed, its `fault()` goes into the report, the run is
`partial` and the rest is done. What is wrong *on a drawing* is a finding, never an error.

    PlanroomError
    ├── InputError      E101 empty, E102 truncated, E103 encrypted, E104 not what its name says, E105 unsupported,
    │                   E106 unreadable, E107 too large, E108 nothing to read, E109 contradicts itself
    ├── ReadingError    E201 reader crashed, E202 reader failed, E203 no sheet
    ├── ResourceError   E301 does not fit the budget, E302 reader over its bytes, E303 reader over its time
    ├── OutputError     E401 not writable, E402 disk full
    ├── UsageError      E501 bad value, E502 bad corrections file, E503 missing extra,
    │                   E504 bad rule or bill file
    └── ModelError      E601 no weights, E602 damaged weights, E603 no such model, E604 bad input, E605 bad output
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of the run that failed, as the report carries it: code, file, page (0-based), stage, message, hint."""

    code: str
    file: str
    page: int | None
    stage: str
    message: str
    hint: str

    def as_json(self) -> dict[str, Any]:
        """The fault in the report's form."""
        return asdict(self)

    def line(self) -> str:
        """One line for people: code, place, message, hint."""
        place = self.file if self.page is None else f"{self.file} page {self.page + 1}"
        return f"{self.code} {place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class PlanroomError(Exception):
    """The root: a code, a place, a hint, an exit code and an HTTP status."""

    code: ClassVar[str] = "E000"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    hint: ClassVar[str] = "this is a defect of planroom: please report it"

    def __init__(self, message: str, *, place: str = "", hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.place = place
        self.advice = self.hint if hint is None else hint

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.code} {place}{self.message}" + (f" ({self.advice})" if self.advice else "")

    def fault(self, file: str, stage: str, page: int | None = None) -> Fault:
        """The same as an entry of the report's `faults`."""
        return Fault(self.code, file, page, stage, self.message, self.advice)


class InputError(PlanroomError):
    """A file that cannot be read as it is."""

    code = "E100"
    exit_code = 4
    http_status = 422


class EmptyFile(InputError, ValueError):
    """The file has no bytes."""

    code = "E101"
    hint = "export or copy it again"


class TruncatedFile(InputError, ValueError):
    """The file ends before its format says it may, or its structure is broken."""

    code = "E102"
    hint = "the file is damaged: export or download it again"


class EncryptedFile(InputError, PermissionError):
    """The file needs a password that was not given or is wrong."""

    code = "E103"
    hint = "give it with --password"


class MislabelledFile(InputError, ValueError):
    """The content is not what the file's name says."""

    code = "E104"
    hint = "check what the file really is, rename or export it again"


class UnsupportedFile(InputError, ValueError):
    """A format that planroom does not read."""

    code = "E105"
    hint = "planroom reads PDF, PNG, JPEG, TIFF, DXF and IFC"


class UnreadableFile(InputError, OSError):
    """The operating system does not let us read it."""

    code = "E106"
    hint = "check that it exists and that you may read it"


class OversizedInput(InputError, ValueError):
    """More pixels or entities than fit in the bytes given."""

    code = "E107"
    hint = "give more with --memory, or scale the file down"


class BadExchange(InputError, ValueError):
    """A file of an exchange format whose content contradicts itself, or is none of that format."""

    code = "E109"
    hint = "have it written again by the program that it comes from"


class NothingToRead(InputError, ValueError):
    """No input file was found at all."""

    code = "E108"
    hint = "name PDF, PNG, JPEG, TIFF, DXF or IFC files, or a folder that holds some"


class ReadingError(PlanroomError):
    """The reader of a file did not come to its end."""

    code = "E200"
    exit_code = 4
    http_status = 422


class ReaderCrashed(ReadingError, RuntimeError):
    """The child process that read the file died."""

    code = "E201"
    hint = "the file breaks its reader; the other files were done"


class ReaderFailed(ReadingError, RuntimeError):
    """The reader gave up with an error of its own."""

    code = "E202"
    hint = "open it in the program that made it and export it again"


class NoSheet(ReadingError, ValueError):
    """The file was read and holds nothing that could be a sheet."""

    code = "E203"
    hint = "check that the file holds a drawing"


class ResourceError(PlanroomError):
    """Bytes or seconds ran out."""

    code = "E300"
    exit_code = 5
    http_status = 503


class BudgetRefused(ResourceError, MemoryError):
    """The work does not fit the bytes given, or did not while it could wait.

    retry_s: when it may fit; None where it never will.
    """

    code = "E301"
    hint = "give more with --memory"

    def __init__(self, message: str, *, place: str = "", hint: str | None = None, retry_s: float | None = None):
        super().__init__(message, place=place, hint=hint)
        self.retry_s = retry_s


class ReaderOverBytes(ResourceError, MemoryError):
    """A reader wanted more bytes than its lease and than could be leased to it."""

    code = "E302"
    hint = "give more with --memory, or split the file"
    is_final = False  # whether all the bytes that there are would not help


class WaitEnded(ResourceError, TimeoutError):
    """A wait for what another request is making ended before it was there."""

    code = "E304"
    hint = "try again later"


class ReaderOverTime(ResourceError, TimeoutError):
    """A reader did not finish a sheet within its clock."""

    code = "E303"
    hint = "give more with --seconds, or split the file"


class OutputError(PlanroomError):
    """The results could not be written; nothing half-written stays."""

    code = "E400"
    exit_code = 6
    http_status = 507


class OutputNotWritable(OutputError, OSError):
    """The output folder cannot be made or written."""

    code = "E401"
    hint = "choose another folder with --out"


class DiskFull(OutputError, OSError):
    """The disk has no room for the results."""

    code = "E402"
    hint = "free some space or choose another folder with --out"


class UsageError(PlanroomError, ValueError):
    """What was asked for makes no sense."""

    code = "E501"
    exit_code = 2
    http_status = 400
    hint = "see --help"


class BadCorrections(UsageError):
    """The corrections file cannot be used."""

    code = "E502"
    hint = "see docs/how-to/corrections.md"


class BadTable(UsageError):
    """A file of measurement rules or of a bill's lines cannot be used."""

    code = "E504"
    hint = "see docs/how-to/bill-of-quantities.md"


class MissingExtra(UsageError):
    """A part of planroom that is installed separately is absent."""

    code = "E503"
    hint = "pip install 'planroom[ifc]'"


class ModelError(PlanroomError):
    """A model that cannot be used; the work goes on without it."""

    code = "E600"
    exit_code = 7


class ModelMissing(ModelError, FileNotFoundError):
    """A model has no weights where they should lie."""

    code = "E601"
    hint = "install planroom anew, or the package that brings the weights"


class ModelDamaged(ModelError, ValueError):
    """Weights are not the ones that the catalog lists, or cannot be loaded."""

    code = "E602"
    hint = "install planroom anew, or the package that brings the weights"


class UnknownModel(ModelError, KeyError):
    """A model or a precision that does not exist."""

    code = "E603"
    http_status = 404
    hint = "planroom models lists them"


class BadModelInput(ModelError, ValueError):
    """An input of a shape or type that the model does not take."""

    code = "E604"
    http_status = 400


class BadModelOutput(ModelError, ArithmeticError):
    """A model's output is not a finite number."""

    code = "E605"
