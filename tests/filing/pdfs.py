"""Small PDFs with what a chart must not be given, made on the spot with pikepdf."""

from __future__ import annotations

import io

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String


def plain(pages: int = 1, word: str = "page") -> bytes:
    """A PDF of ``pages`` pages, each with a line of text."""
    pdf = Pdf.new()
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(612, 792))
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.obj.Resources = Dictionary(Font=Dictionary(F1=font))
        page.obj.Contents = pdf.make_stream(f"BT /F1 12 Tf 72 700 Td ({word} {number + 1}) Tj ET".encode())
    return _bytes(pdf)


def with_signature_field(data: bytes, page: int, word: str, *, filled: bool = False, title: str = "MemberSig") -> bytes:
    """``data`` with a signature field on ``page`` (from 0) whose appearance says ``word``; ``filled``: with a
    signature's dictionary in it."""
    pdf = Pdf.open(io.BytesIO(data))
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    look = pdf.make_stream(
        f"BT /F1 10 Tf 2 5 Td ({word}) Tj ET".encode(),
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, 200, 40]),
        Resources=Dictionary(Font=Dictionary(F1=font)),
    )
    widget = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String(title),
            Rect=Array([72, 100, 272, 140]),
            F=4,
            AP=Dictionary(N=look),
        )
    )
    if filled:
        widget.V = pdf.make_indirect(Dictionary(Type=Name.Sig))
    pdf.pages[page].obj.Annots = Array([widget])
    pdf.Root.AcroForm = Dictionary(Fields=Array([widget]), SigFlags=3)
    return _bytes(pdf)


def with_picture_in(plan: bytes, field: str, word: str) -> bytes:
    """A plan of ours with its signature field ``field`` filled: a picture that says ``word``, a bare dictionary."""
    pdf = Pdf.open(io.BytesIO(plan))
    (widget,) = (each for each in pdf.Root.AcroForm.Fields if str(each.T) == field)
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    widget.AP = Dictionary(
        N=pdf.make_stream(
            f"BT /F1 10 Tf 2 5 Td ({word}) Tj ET".encode(),
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 252, 72]),
            Resources=Dictionary(Font=Dictionary(F1=font)),
        )
    )
    widget.V = pdf.make_indirect(Dictionary(Type=Name.Sig))
    return _bytes(pdf)


def with_script(data: bytes) -> bytes:
    pdf = Pdf.open(io.BytesIO(data))
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    return _bytes(pdf)


def with_named_script(data: bytes) -> bytes:
    pdf = Pdf.open(io.BytesIO(data))
    action = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), action])))
    return _bytes(pdf)


def with_attachment(data: bytes) -> bytes:
    pdf = Pdf.open(io.BytesIO(data))
    pdf.attachments["notes.txt"] = b"hidden"
    return _bytes(pdf)


def with_launch_link(data: bytes) -> bytes:
    pdf = Pdf.open(io.BytesIO(data))
    action = Dictionary(S=Name.Launch, F=String("calc.exe"))
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 100, 100]), A=action)
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(link)])
    return _bytes(pdf)


def with_page_action(data: bytes) -> bytes:
    pdf = Pdf.open(io.BytesIO(data))
    pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))
    return _bytes(pdf)


def encrypted(data: bytes) -> bytes:
    pdf = Pdf.open(io.BytesIO(data))
    out = io.BytesIO()
    pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user="", R=6))
    return out.getvalue()


def _bytes(pdf: Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()
