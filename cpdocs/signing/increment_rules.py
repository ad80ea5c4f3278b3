"""What each appended revision may hold, by list: a signature in one of our fields, a document time stamp, or the
security store; and of the plan's own objects, the few that a signing program writes anew.

Each revision is read as ``increments`` found it, and compared with the revision before. Every object in it must be
reached from one of these places, in the part that it plays there:

- the catalog: the form, the security store, the version of PDF and the extensions that it names; nothing else changes;
- the form: a document time stamp's field is added, and resources for drawing, if a signature comes in;
- a field of ours: it is signed, and gets its picture; not hidden, not moved, not relabelled;
- a page: its list of annotations gains a document time stamp's;
- dates and the program's name in the metadata (their other statements are ``metadata``'s matter).

So what follows the last signature is the security store or a document time stamp: a revision that brings none of the
three is not on the list. Anything else is a doubt, in words for a coordinator; a doubt holds and never rejects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cpdocs.signing.drawn_rules import check_appearance, check_resources
from cpdocs.signing.extension_rules import check_extensions
from cpdocs.signing.field_names import FIELDS
from cpdocs.signing.increments import Issued, Revision
from cpdocs.signing.packet_rules import check_packet
from cpdocs.signing.signature_rules import check_signature, equal, is_short, is_style
from cpdocs.signing.store_rules import check_store, is_date
from cpdocs.signing.syntax import Name, Ref, Stream, Unclear, Value
from cpdocs.signing.tables import Place

_CATALOG_MAY_CHANGE = frozenset({"AcroForm", "DSS", "Extensions", "Version", "Metadata"})
_FORM_MAY_CHANGE = frozenset({"Fields", "DR", "DA"})
_FIELD_MAY_CHANGE = frozenset({"V", "AP", "AS", "M", "MK", "DA"})
_STAMP_FIELD = frozenset({"Type", "Subtype", "FT", "T", "TU", "F", "Rect", "P", "V", "AP", "M", "MK"})
_STAMP_FLAGS = frozenset({0, 2, 4, 6, 128, 130, 132, 134})
_LONGEST_NAME = 200
_MOST_PAGES = 1_000
_EMPTY_PICTURE = frozenset({"Type", "Subtype", "BBox", "Length"})
_NO_PART = "something was added that is neither a signature nor proof for one"
_PLAN_CHANGED = "a part of the plan was written anew with changes"


@dataclass(slots=True)
class _Before:
    """The objects as the last revision left them, and what the increments have brought in so far."""

    issued: Issued
    appended: dict[int, Value] = field(default_factory=dict)
    drawn: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)

    def value(self, number: int) -> Value:
        return self.appended[number] if number in self.appended else self.issued.value(number)

    def plain(self, value: Value) -> Value:
        """``value``, a reference followed."""
        return self.value(value.number) if isinstance(value, Ref) and value.generation == 0 else value


def check_revisions(issued: Issued, revisions: tuple[Revision, ...]) -> tuple[frozenset[int], ...]:
    """Whether each revision holds what is on the list, and nothing else.

    Gives for each the numbers of pictures of ours that it writes again under a further generation, to which nothing
    leads (poppler, when it signs): every reader passes over them. Raises Unclear with what isn't on the list.
    """
    before = _Before(issued)
    spent = []
    for revision in revisions:
        one = _One(before, revision)
        one.check()
        spent.append(frozenset(one.spent))
        before.appended |= {number: each for number, each in revision.objects.items() if number not in one.spent}
        if revision.table.number:
            before.appended[revision.table.number] = dict(revision.table.trailer)
    return tuple(spent)


class _One:
    """One revision under examination: ``after`` gives objects as it leaves them, ``claimed`` are those accounted
    for."""

    def __init__(self, before: _Before, revision: Revision) -> None:
        self._before = before
        self._revision = revision
        self._claimed: set[int] = set(revision.lengths)
        self._stamps: set[Ref] = set()
        self._purposes = 0
        self._signs = False
        self.spent: set[int] = set()

    def check(self) -> None:
        """Raises Unclear with the first thing that isn't on the list."""
        objects = self._revision.objects
        self._check_generations()
        self._check_holders()
        root = self._revision.table.trailer["Root"]
        assert isinstance(root, Ref)
        self._catalog(root)
        self._information()
        self._pages(root)
        if objects.keys() - self._claimed - self.spent:
            raise Unclear(_NO_PART)
        if not self._purposes:
            raise Unclear("a revision brings neither a signature nor proof for one")

    def _after(self, value: Value) -> Value:
        """``value``, a reference followed as this revision leaves it."""
        if not isinstance(value, Ref):
            return value
        if value.generation or value.number in self.spent:
            raise Unclear("it refers to an object that isn't the plan's any more")
        objects = self._revision.objects
        return objects[value.number] if value.number in objects else self._before.value(value.number)

    def _written(self, value: Value) -> bool:
        return isinstance(value, Ref) and value.number in self._revision.objects

    def _claim(self, value: Value) -> None:
        if self._written(value):
            assert isinstance(value, Ref)
            self._claimed.add(value.number)

    def _new(self, ref: Ref) -> Value:
        """An object that must be new in this revision, and play no other part."""
        if not self._written(ref) or self._before.value(ref.number) is not None or ref.number in self._claimed:
            raise Unclear("a part of it that should be new stood there before, or serves two ends")
        self._claim(ref)
        return self._after(ref)

    def _shared(self, pool: set[int], *, overwrites: bool = False) -> Callable[[Ref], Value]:
        """Follows references within what belongs together: new in this revision, or brought in before for that very
        end. ``overwrites``: what was brought in before may be written anew."""

        def follow(ref: Ref) -> Value:
            if ref.number in pool:
                if self._written(ref) and ref.number not in self._claimed and not overwrites:
                    raise Unclear("an object that an earlier signature brought in was overwritten")
                self._claim(ref)
                return self._after(ref)
            found = self._new(ref)
            pool.add(ref.number)
            return found

        return follow

    def _same(self, old: dict[str, Value], new: dict[str, Value], may_change: frozenset[str], words: str) -> None:
        """Whether nothing but what may change differs, and nothing was taken out."""
        for key in old.keys() | new.keys():
            if key not in may_change and (key in old) != (key in new):
                raise Unclear(words)
            if key in old and key not in new:
                raise Unclear(words)
            if key not in may_change and not equal(old[key], new[key]):
                raise Unclear(words)

    def _check_generations(self) -> None:
        """Objects are of generation 0. poppler, before it signs, writes our field's own empty picture again as
        generation 1; nothing may lead to that, and it may show nothing."""
        for number, generation in self._revision.generations.items():
            if not generation:
                continue
            value = self._revision.objects[number]
            ours = {each.number for each in self._pictures() if isinstance(each, Ref)}
            words = "it replaces an object of the plan by way of a further generation"
            place = self._revision.table.entries[number]
            if generation != 1 or number not in ours or not isinstance(place, Place) or place.entry < 0:
                raise Unclear(words)
            if not isinstance(value, Stream) or value.data.strip() or value.entries.keys() - _EMPTY_PICTURE:
                raise Unclear(words)
            self.spent.add(number)

    def _pictures(self) -> list[Value]:
        """What stood before in our fields as their pictures."""
        found: list[Value] = []
        for each in self._fields_before():
            entries = self._before.plain(each)
            picture = self._before.plain(entries.get("AP")) if isinstance(entries, dict) else None
            found.append(picture.get("N") if isinstance(picture, dict) else None)
        return found

    def _fields_before(self) -> list[Value]:
        catalog = self._before.plain(self._revision.table.trailer["Root"])
        form = self._before.plain(catalog.get("AcroForm")) if isinstance(catalog, dict) else None
        fields = self._before.plain(form.get("Fields")) if isinstance(form, dict) else None
        if not isinstance(fields, list):
            raise Unclear("the plan's form can't be found")
        return fields

    def _catalog(self, root: Ref) -> None:
        old, new = self._before.plain(root), self._after(root)
        self._claim(root)
        if not isinstance(old, dict) or not isinstance(new, dict):
            raise Unclear("the plan's root can't be found")
        self._same(old, new, _CATALOG_MAY_CHANGE, "a setting of the whole plan was changed")
        if new.get("Version", Name("1.7")) not in (Name("1.7"), Name("2.0")):
            raise Unclear("it says that it is of another kind of PDF")
        for key in ("AcroForm", "Metadata"):
            if isinstance(old.get(key), Ref) and old[key] != new.get(key):
                raise Unclear("a setting of the whole plan was changed")
        check_extensions(self._before.plain(old.get("Extensions")), self._after(new.get("Extensions")))
        self._metadata(new.get("Metadata"))
        self._form(old.get("AcroForm"), new.get("AcroForm"))
        if "DSS" in new:
            self._store(old.get("DSS"), new["DSS"])

    def _metadata(self, value: Value) -> None:
        if self._written(value):
            self._claim(value)
            check_packet(self._before.plain(value), self._after(value))

    def _information(self) -> None:
        value = self._revision.table.trailer.get("Info")
        if not self._written(value):
            return
        self._claim(value)
        words = "the plan's particulars were changed"
        old, new = self._before.plain(value), self._after(value)
        if not isinstance(old, dict) or not isinstance(new, dict):
            raise Unclear(words)
        self._same(old, new, frozenset({"ModDate", "Producer"}), words)
        producer = new.get("Producer", b"")
        if not is_date(new.get("ModDate", b"D:2000")) or not isinstance(producer, bytes):
            raise Unclear(words)
        if not equal(old.get("Producer"), new.get("Producer")) and not (self._signs and len(producer) <= _LONGEST_NAME):
            raise Unclear(words)

    def _store(self, old: Value, new: Value) -> None:
        follow = self._shared(self._before.kept, overwrites=True)
        claimed = len(self._claimed)
        check_store(new, follow)
        self._purposes += len(self._claimed) > claimed or old != new

    def _form(self, old_value: Value, new_value: Value) -> None:
        old, new = self._before.plain(old_value), self._after(new_value)
        self._claim(new_value)
        if not isinstance(old, dict) or not isinstance(new, dict):
            raise Unclear("the plan's form can't be found")
        self._same(old, new, _FORM_MAY_CHANGE, "a setting of the plan's form was changed")
        mine, theirs = self._before.plain(old.get("Fields")), self._after(new.get("Fields"))
        if isinstance(old.get("Fields"), Ref) and old.get("Fields") != new.get("Fields"):
            raise Unclear("a setting of the plan's form was changed")
        self._claim(new.get("Fields"))
        if not isinstance(mine, list) or not isinstance(theirs, list) or theirs[: len(mine)] != mine:
            raise Unclear("the plan's form was changed")
        signed = [self._field(each) for each in mine]
        self._signs = any(signed)
        for each in theirs[len(mine) :]:
            self._stamp(each)
            assert isinstance(each, Ref)
            self._stamps.add(each)
        if not equal(old.get("DR"), new.get("DR")) or self._written(new.get("DR")):
            if not self._signs:
                raise Unclear("a setting of the plan's form was changed")
            check_resources(new["DR"], self._shared(self._before.drawn))
        if not equal(old.get("DA"), new.get("DA")) and not (self._signs and is_style(new["DA"])):
            raise Unclear("a setting of the plan's form was changed")

    def _field(self, ref: Value) -> bool:
        """One of the fields that were there before. Gives whether it is signed in this revision."""
        if not isinstance(ref, Ref):
            raise Unclear("the plan's form was changed")
        old, new = self._before.plain(ref), self._after(ref)
        if not isinstance(old, dict) or not isinstance(new, dict):
            raise Unclear("the plan's form was changed")
        if not self._written(ref):
            return False
        self._claim(ref)
        signs = "V" in new and "V" not in old
        ours = old.get("T") in [name.encode() for name in FIELDS]
        self._same(
            old,
            new,
            _FIELD_MAY_CHANGE if signs and ours else frozenset(),
            "a signature field was changed otherwise than by signing it",
        )
        if not signs:
            return False
        self._signature(new["V"], "Sig")
        if "AP" in new and not equal(old.get("AP"), new["AP"]):
            self._picture(new["AP"])
        if new.get("AS", Name("N")) != Name("N") or new.get("MK", {}) != {} or not is_date(new.get("M", b"D:2000")):
            raise Unclear("a signature field was changed otherwise than by signing it")
        if "DA" in new and not is_style(new["DA"]):
            raise Unclear("a signature field was changed otherwise than by signing it")
        return True

    def _picture(self, value: Value) -> None:
        check_appearance(value, self._shared(self._before.drawn))

    def _stamp(self, ref: Value) -> None:
        entries = self._new(ref) if isinstance(ref, Ref) else None
        words = "a form field was added that isn't a document time stamp's"
        if (
            not isinstance(entries, dict)
            or not entries.keys() <= _STAMP_FIELD
            or not is_short(entries, "Rect", "AP", "V")
        ):
            raise Unclear(words)
        corners = entries.get("Rect", [0, 0, 0, 0])
        if not isinstance(corners, list) or len(corners) != 4 or corners[:2] != corners[2:]:
            raise Unclear(words)
        if entries.get("FT") != Name("Sig") or entries.get("F", 0) not in _STAMP_FLAGS or entries.get("MK", {}) != {}:
            raise Unclear(words)
        if isinstance(entries.get("P"), Ref) and not _is_page(self._after(entries["P"])):
            raise Unclear(words)
        self._signature(entries.get("V"), "DocTimeStamp")
        if "AP" in entries:
            self._picture(entries["AP"])

    def _signature(self, value: Value, kind: str) -> None:
        check_signature(value, kind, self._new)
        self._purposes += 1

    def _pages(self, root: Ref) -> None:
        """The plan's pages: none changes, but for a time stamp's annotation at the end of its list."""
        for ref in _leaves(self._before, root):
            old, new = self._before.plain(ref), self._after(ref)
            if not isinstance(old, dict) or not isinstance(new, dict):
                raise Unclear(_PLAN_CHANGED)
            self._claim(ref)
            mine, theirs = old.get("Annots"), new.get("Annots")
            if self._written(ref):
                self._same(old, new, frozenset({"Annots"}), _PLAN_CHANGED)
                if isinstance(mine, Ref) and mine != theirs:
                    raise Unclear(_PLAN_CHANGED)
            if not self._written(ref) and not self._written(theirs):
                continue
            if isinstance(theirs, Ref):
                listed = self._after(theirs) if theirs == mine else self._new(theirs)
                self._claim(theirs)
            else:
                listed = theirs
            self._check_annotations(self._before.plain(mine) or [], listed or [])

    def _check_annotations(self, old: Value, new: Value) -> None:
        if not isinstance(old, list) or not isinstance(new, list) or new[: len(old)] != old:
            raise Unclear("something was put on a page of the plan, or taken from it")
        if not {each for each in new[len(old) :] if isinstance(each, Ref)} <= self._stamps or len(new) - len(old) > len(
            self._stamps
        ):
            raise Unclear("something was put on a page of the plan, or taken from it")

    def _check_holders(self) -> None:
        """Tables and packed parts take numbers of their own."""
        own = {*self._revision.holders, *([self._revision.table.number] if self._revision.table.number else [])}
        if any(self._before.value(number) is not None for number in own | self._revision.lengths):
            raise Unclear("an object of the plan was replaced by a packed part")
        if self._revision.table.number in self._revision.objects:
            raise Unclear("an object in it bears the number of its table of contents")
        self._claimed |= self._revision.holders


def _leaves(before: _Before, root: Ref) -> list[Ref]:
    """The plan's pages in order. Its tree is ours: no revision that was let stand wrote a part of it anew."""
    catalog = before.plain(root)
    waiting = [catalog.get("Pages")] if isinstance(catalog, dict) else []
    found: list[Ref] = []
    while waiting:
        ref = waiting.pop()
        node = before.plain(ref)
        if not isinstance(node, dict) or not isinstance(ref, Ref) or len(found) > _MOST_PAGES:
            raise Unclear("the plan's pages can't be found")
        kids = before.plain(node.get("Kids"))
        if isinstance(kids, list):
            waiting += reversed(kids)
        else:
            found.append(ref)
    return found


def _is_page(value: Value) -> bool:
    return isinstance(value, dict) and value.get("Type") == Name("Page")
