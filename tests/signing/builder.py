"""Issued plans and genuine signatures for the tests of the verdict: small, quick, from keys made on the spot.

A plan here is a tagged PDF with the product's fields and seal; what a practice does with it is done with pyHanko
directly, as a foreign signer would.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pyhanko import stamp
from pyhanko.pdf_utils import text as pdf_text
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore
from weasyprint import HTML

from cpdocs.core.issued import IssuedPlan
from cpdocs.core.page_facts import FilePages, PageFacts, PageKind
from cpdocs.core.providers import Clinician, Designation, Directory
from cpdocs.core.return_record import Decision
from cpdocs.signing import authority
from cpdocs.signing.content import beside, read_contents
from cpdocs.signing.field_names import MEANING, SEAL_FIELD, SLOT_OF_FIELD
from cpdocs.signing.file_facts import ReturnFacts
from cpdocs.signing.identity import Person
from cpdocs.signing.increment import Statement, append_signature
from cpdocs.signing.keyfiles import KeyPair, fingerprint
from cpdocs.signing.line_ends import as_issued
from cpdocs.signing.reading import read_signed
from cpdocs.signing.record import Limits, Record
from cpdocs.signing.seal import seal_plan
from cpdocs.signing.trust import Trust, Witnessed
from cpdocs.signing.verify import decide

DOCUMENT_ID = "7K3M-9QXW-2RR"
PCP, DESIGNEE, STRANGER = "1234567893", "1558598797", "1003000126"
MEMBER_ID = "100000000001"


@dataclass(frozen=True)
class Place:
    """A box on a page, in points from the lower left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


PAGE = """<section><h1>Care plan of Testina Samplewick, page {n}</h1><p>Document {id}</p>
<p>Goal: walk to the library twice a week. Who helps: Olga Examplesen. Steps and dates follow below.</p>
<table><tr><th>Step</th><th>Who</th><th>When</th></tr>{rows}</table></section>"""
SIGNATURES = """<section><h1>Signatures</h1><div id="MemberSig" style="height:60px;width:300px">Member</div>
<div id="PCPSig" style="height:60px;width:300px">PCP</div></section>"""


def html_of(pages: int, rows: int = 12) -> str:
    """A plan of ``pages`` pages, the last one for signatures."""
    row = "".join(f"<tr><td>Step {n}</td><td>Olga</td><td>May {n}</td></tr>" for n in range(1, rows + 1))
    body = "".join(PAGE.format(n=n + 1, id=DOCUMENT_ID, rows=row) for n in range(pages - 1))
    style = "section{break-after:page} body{font:10pt serif}"
    return (
        "<html lang=en><head><title>Care Plan "
        f"{DOCUMENT_ID}</title><style>{style}</style></head><body>{body}{SIGNATURES}</body></html>"
    )


@cache
def unsealed(pages: int = 2, *, rows: int = 12, title: str = "") -> tuple[bytes, dict[str, Place]]:
    """The plan as rendered, with the box (page, x0, y0, x1, y1) of each signature field."""
    html = html_of(pages, rows)
    if title:
        html = html.replace("Care plan of", title)
    document = HTML(string=html).render(pdf_variant="pdf/ua-1")
    boxes = {}
    for number, page in enumerate(document.pages):
        for name in ("MemberSig", "PCPSig"):
            if name in page.anchors:
                x, y = page.anchors[name][0] if isinstance(page.anchors[name], list) else page.anchors[name][:2]
                left, top = x * 0.75, page.height * 0.75 - y * 0.75
                boxes[name] = Place(number, int(left), int(top - 45), int(left + 225), int(top))
    return document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=b"plan"), boxes


def rsa_key() -> rsa.RSAPrivateKey:
    return _rsa()


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def short_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


def signer_of(pair: KeyPair) -> signers.SimpleSigner:
    """pyHanko's signer for a key pair of ours."""
    from asn1crypto import keys
    from asn1crypto import x509 as asn1_x509

    def der(certificate: x509.Certificate) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))

    private = pair.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    store = SimpleCertificateStore()
    store.register_multiple([der(each) for each in pair.chain])
    return signers.SimpleSigner(
        signing_cert=der(pair.certificate), signing_key=keys.PrivateKeyInfo.load(private), cert_registry=store
    )


@dataclass(frozen=True)
class Office:
    """The organization's keys and a few people with certificates of it, as of ``now``."""

    now: datetime
    root: KeyPair
    issuing: KeyPair
    in_person: KeyPair
    seal: KeyPair

    @classmethod
    def open(cls) -> Office:
        now = datetime.now(UTC)
        validity = authority.Validity(now - timedelta(days=400), now + timedelta(days=400))
        root = authority.make_root("Example Community Partner", validity)
        return cls(
            now,
            root,
            authority.make_issuing(root, "Example Community Partner", validity),
            authority.make_in_person(root, "Example Community Partner", validity),
            authority.make_seal(root, "Example Community Partner", validity),
        )

    def clinician(
        self,
        npi: str = PCP,
        *,
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
        validity: authority.Validity | None = None,
    ) -> KeyPair:
        key = key or authority.new_key()
        span = validity or authority.Validity(self.now - timedelta(days=30), self.now + timedelta(days=30))
        certificate = authority.certify_person(
            self.issuing, Person(npi, "Olga", "Examplesen", "MD"), key.public_key(), span
        )
        return KeyPair(key, certificate, (self.issuing.certificate, self.root.certificate))

    def one_time(self, issued: bytes, document_id: str = DOCUMENT_ID) -> KeyPair:
        key = authority.new_key()
        span = authority.Validity.at(self.now, authority.ONE_TIME_LIFE)
        digest = sha256(issued).hexdigest()
        certificate = authority.certify_one_time(self.in_person, document_id, digest, key.public_key(), span)
        return KeyPair(key, certificate, (self.in_person.certificate, self.root.certificate))


def self_signed(
    name: str = "Olga Examplesen", *, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None, usage: str = ""
) -> KeyPair:
    """A digital ID that somebody made themselves, as Acrobat does."""
    from cryptography.hazmat.primitives import hashes

    key = key or authority.new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=1000))
    )
    if usage:
        flags = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
            False,
        )
        flags |= {"key_encipherment": True, "data_encipherment": True, "key_agreement": False}
        builder = builder.add_extension(x509.KeyUsage(**flags), critical=True)
    return KeyPair(key, builder.sign(key, hashes.SHA256()))


@cache
def office() -> Office:
    return Office.open()


@dataclass(frozen=True)
class Issued:
    """A plan as it went out, and what the ledger says of it."""

    data: bytes
    plan: IssuedPlan
    boxes: dict[str, Place]


@cache
def issued(pages: int = 2, *, document_id: str = DOCUMENT_ID, rows: int = 12, title: str = "") -> Issued:
    """A sealed plan of ``pages`` pages."""
    data, boxes = unsealed(pages, rows=rows, title=title)
    house = office()
    sealed = seal_with(house.seal, data, boxes, document_id)
    plan = IssuedPlan(
        document_id=document_id,
        member_id=MEMBER_ID,
        program="LTSS",
        version=1,
        practice_id="P1",
        pcp_npi=PCP,
        sha256=sha256(sealed).hexdigest(),
        size=len(sealed),
        seal_fingerprint=fingerprint(house.seal.certificate),
        issued_at=house.now - timedelta(hours=1),
        pages=pages,
    )
    return Issued(sealed, plan, boxes)


def seal_with(pair: KeyPair, data: bytes, boxes: dict[str, Place], document_id: str = DOCUMENT_ID) -> bytes:
    """Fields and certification, by the product."""
    return seal_plan(
        data, boxes, pair, document_id=document_id, organization="Example Community Partner", now=office().now
    )


def sign(
    data: bytes,
    field: str,
    pair: KeyPair,
    *,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    visible: bool = False,
    digest: str = "sha256",
    reason: str | None = "",
    spec: fields.SigFieldSpec | None = None,
) -> bytes:
    """``data`` with ``field`` signed by ``pair``, appended as a new revision."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    how = {"subfilter": subfilter, "visible": visible, "digest": digest, "reason": reason, "spec": spec}
    return sign_with(writer, field, pair, **how)  # type: ignore[arg-type]


def sign_with(
    writer: IncrementalPdfFileWriter,
    field: str,
    pair: KeyPair,
    *,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    visible: bool = False,
    digest: str = "sha256",
    reason: str | None = "",
    spec: fields.SigFieldSpec | None = None,
    output: io.BytesIO | None = None,
) -> bytes:
    """As ``sign``, in the revision that ``writer`` has begun; into ``output`` where it is given."""
    if reason == "":
        reason = MEANING[SLOT_OF_FIELD[field]] if field in SLOT_OF_FIELD else None
    meta = signers.PdfSignatureMetadata(
        field_name=field, subfilter=subfilter, md_algorithm=digest, reason=reason, name="Olga Examplesen"
    )
    style = (
        stamp.TextStampStyle(stamp_text="Signed by %(signer)s\n%(ts)s", text_box_style=pdf_text.TextBoxStyle())
        if visible
        else None
    )
    signer = signers.PdfSigner(meta, signer=signer_of(pair), stamp_style=style, new_field_spec=spec)
    return bytes(signer.sign_pdf(writer, existing_fields_only=spec is None, output=output).getbuffer())


def certify(data: bytes, pair: KeyPair) -> bytes:
    """``data`` certified in the seal's field by somebody."""
    return append_signature(
        data, SEAL_FIELD, pair, Statement(name="Another", reason="Issued.", signed_at=office().now), certify=True
    )


def sign_at(data: bytes, field: str, pair: KeyPair, when: datetime) -> bytes:
    """As ``sign``, by a computer whose clock shows ``when``."""
    statement = Statement(name="Olga Examplesen", reason=MEANING[SLOT_OF_FIELD[field]], signed_at=when)
    return append_signature(data, field, pair, statement)


def strip_seed_values(signing: Callable[[bytes], bytes]) -> bytes:
    """Signs as a program does that takes no notice of what the field asks for."""
    from unittest.mock import patch

    with patch(
        "pyhanko.sign.signers.pdf_signer.PdfSigningSession._enforce_seed_value_constraints", lambda *_, **__: None
    ):
        return signing(issued().data)


def directory(*, designations: bool = True) -> Directory:
    """The PCP and one designee in good standing, both at the plan's practice."""
    pcp = Clinician(PCP, "Examplesen", "Olga", "MD", "P1", "pcp", True)
    nurse = Clinician(DESIGNEE, "Samplewick", "Ned", "RN", "P1", "staff", True)
    designation = Designation(
        DESIGNEE,
        PCP,
        frozenset({"plan_approval"}),
        True,
        True,
        date(2020, 1, 1),
        None,
        "Olga Examplesen, MD",
        datetime(2020, 1, 1, tzinfo=UTC),
    )
    return Directory({}, {PCP: (pcp,), DESIGNEE: (nurse,)}, (designation,) if designations else ())


def trust(**changes: object) -> Trust:
    """What the organization believes, with nothing pinned, witnessed or revoked unless ``changes`` says so."""
    house = office()

    def der(pair: KeyPair) -> bytes:
        return pair.certificate.public_bytes(serialization.Encoding.DER)

    plain = Trust(
        roots=(der(house.root),),
        issuing=(der(house.issuing),),
        in_person=(der(house.in_person),),
        seals=(der(house.seal),),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def witnessed(pair: KeyPair, shown: bytes, document_id: str = DOCUMENT_ID) -> dict[str, Witnessed]:
    """The record of a visit at which ``pair`` signed what was ``shown``."""
    return {fingerprint(pair.certificate): Witnessed(document_id, sha256(shown).hexdigest(), office().now, "olga")}


def facts(
    data: bytes, *, plan: Issued | None = None, marks: Sequence[str] = (), trust: Trust, received_at: datetime,
    limits: Limits | None = None,
) -> ReturnFacts:  # fmt: skip
    """What the child reads of ``data`` as a return of ``plan``; ``marks`` are ids whose codes stand on its pages."""
    given = {"trust": trust, "received_at": received_at, "limits": limits}
    if plan is None:
        return read_signed(data, **given)  # type: ignore[arg-type]
    document_id = plan.plan.document_id
    if plan.data in (data[: len(plan.data)], as_issued(data)):
        return read_signed(data, begins_with=document_id, issued=plan.data, **given)  # type: ignore[arg-type]
    found = read_signed(data, **given)  # type: ignore[arg-type]
    contents = read_contents(data)
    count = len(contents.pages) if contents else 1
    pages = [
        PageFacts(number, PageKind.PLAN, mark, number, count, scanned=True)
        for mark in marks
        for number in range(1, count + 1)
    ]
    return replace(
        found, named=(document_id,), pages=FilePages(tuple(pages)), beside={document_id: beside(data, plan.data)}
    )


def verdict(data: bytes, *, plan: Issued | None = None, **options: Any) -> Decision:
    """The verdict on ``data`` as a return of ``plan`` (``issued()`` where not given), an hour after it was sealed."""
    plan = plan or issued()
    believed = options.pop("trust", None) or trust()
    of_record = {key: options.pop(key) for key in list(options) if key in Record.__dataclass_fields__}
    issued_plan = options.pop("issued_plan", plan.plan)
    given = {"plan": issued_plan, "directory": directory(), "received_at": office().now + timedelta(minutes=5)}
    record = Record(**{**given, **of_record})  # type: ignore[arg-type]
    received_at = record.received_at
    read = facts(data, plan=plan if issued_plan else None, trust=believed, received_at=received_at, **options)
    (part,) = decide(read, [record] if issued_plan else [], believed)
    return part
