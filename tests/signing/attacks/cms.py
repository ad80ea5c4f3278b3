"""Signature values made by hand, attribute by attribute, as no signing program makes them: methods, attributes,
signers.

``value`` makes a sound one; what each attack leaves out, repeats or bends is in its name. Every one is put in its place
by the library, so that the file around it is flawless.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import new as new_hash
from typing import Any

from asn1crypto import algos, core, tsp
from asn1crypto import cms as asn1_cms
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

from cpdocs.signing.field_names import MEANING, SLOT_OF_FIELD
from cpdocs.signing.keyfiles import KeyPair
from tests.signing import builder as b

Value = Callable[[bytes], bytes]
"""Makes the signature value for the SHA-256 of what is signed."""
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha512": hashes.SHA512(),
}


def signed_by(
    make: Value, *, digest: str = "sha256", subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES, data: bytes = b""
) -> bytes:
    """The plan with the value that ``make`` gives in the PCP's field."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data or b.issued().data))
    meta = signers.PdfSignatureMetadata(
        field_name="PCPSig",
        subfilter=subfilter,
        md_algorithm=digest,
        reason=MEANING[SLOT_OF_FIELD["PCPSig"]],
        name="Olga Examplesen",
    )
    placer = signers.PdfSigner(meta, signer=b.signer_of(_pair()))
    prepared, _, output = asyncio.run(placer.async_digest_doc_for_signing(writer, bytes_reserved=16_000))
    prepared.fill_reserved_region(output, make(prepared.document_digest))
    return bytes(output.getvalue())


@dataclass
class Recipe:
    """What a signature value is made with; a sound PAdES one where nothing is changed."""

    pair: KeyPair = field(default_factory=lambda: _pair())
    digest: str = "sha256"
    signed_with: str = ""
    """The digest that the key signs; ``digest`` where empty."""
    attributes: Callable[[list[Any]], list[Any]] = lambda attributes: attributes
    certificates: Callable[[list[Any]], list[Any]] = lambda certificates: certificates
    signer_infos: Callable[[list[Any]], list[Any]] = lambda infos: infos
    content: bytes | None = None
    unsigned: tuple[Any, ...] = ()
    padding: padding.PSS | None = None
    about: KeyPair | None = None
    """Whose certificate the signing-certificate attribute names; the signer's where None."""
    by: KeyPair | None = None
    """Whose certificate the signer's identifier names; the signer's where None."""

    def __call__(self, digest: bytes) -> bytes:
        made = asn1_cms.ContentInfo({"content_type": "signed_data", "content": self._data(digest)})
        return bytes(made.dump())

    def _data(self, digest: bytes) -> asn1_cms.SignedData:
        return asn1_cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [{"algorithm": self.digest}],
                "encap_content_info": {
                    "content_type": "data",
                    **({"content": self.content} if self.content is not None else {}),
                },
                "certificates": self.certificates([_certificate(self.pair), *map(_asn1, self.pair.chain)]),
                "signer_infos": self.signer_infos([self.info(digest)]),
            }
        )

    def info(self, digest: bytes) -> asn1_cms.SignerInfo:
        attributes = self.attributes(
            [
                _attribute("content_type", "data"),
                _attribute("message_digest", digest),
                _attribute("signing_certificate_v2", _names(self.about or self.pair)),
            ]
        )
        named = _certificate(self.by or self.pair)
        entries: dict[str, Any] = {
            "version": "v1",
            "sid": {"issuer_and_serial_number": {"issuer": named.issuer, "serial_number": named.serial_number}},
            "digest_algorithm": {"algorithm": self.digest},
            "signature_algorithm": self._method(),
            "signature": self._sign(
                asn1_cms.CMSAttributes(attributes).dump() if attributes else digest, hashed=not attributes
            ),
        }
        if attributes:
            entries["signed_attrs"] = attributes
        if self.unsigned:
            entries["unsigned_attrs"] = list(self.unsigned)
        return asn1_cms.SignerInfo(entries)

    def _method(self) -> algos.SignedDigestAlgorithm:
        name = self.signed_with or self.digest
        if self.padding is not None:
            mask = {"algorithm": "mgf1", "parameters": {"algorithm": name}}
            parameters = {"hash_algorithm": {"algorithm": name}, "mask_gen_algorithm": mask, "salt_length": 32}
            return algos.SignedDigestAlgorithm(
                {"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(parameters)}
            )
        kind = "rsa" if isinstance(self.pair.key, rsa.RSAPrivateKey) else "ecdsa"
        return algos.SignedDigestAlgorithm({"algorithm": f"{name}_{kind}"})

    def _sign(self, data: bytes, *, hashed: bool) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

        algorithm = _HASHES[self.signed_with or self.digest]
        over: Any = Prehashed(algorithm) if hashed else algorithm
        key = self.pair.key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, self.padding or padding.PKCS1v15(), over)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key.sign(data, ec.ECDSA(over))


def _pair() -> KeyPair:
    return b.office().clinician()


def _rsa() -> KeyPair:
    return b.office().clinician(key=b.rsa_key())


def _asn1(certificate: Any) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _certificate(pair: KeyPair) -> asn1_x509.Certificate:
    return _asn1(pair.certificate)


def _attribute(kind: str, *values: Any) -> asn1_cms.CMSAttribute:
    return asn1_cms.CMSAttribute({"type": kind, "values": list(values)})


def _names(pair: KeyPair) -> tsp.SigningCertificateV2:
    digest = new_hash("sha256", _certificate(pair).dump()).digest()
    return tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": digest})]})


def _without(kind: str) -> Callable[[list[Any]], list[Any]]:
    return lambda attributes: [each for each in attributes if each["type"].native != kind]


def _instead(kind: str, *values: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda attributes: [*_without(kind)(attributes), _attribute(kind, *values)]


# Sound ones


def by_hand() -> bytes:
    return signed_by(Recipe())


def by_hand_with_rsa() -> bytes:
    return signed_by(Recipe(_rsa()))


def by_hand_in_the_old_format() -> bytes:
    return signed_by(
        Recipe(_rsa(), attributes=_without("signing_certificate_v2")), subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    )


def by_hand_with_pss() -> bytes:
    return signed_by(Recipe(_rsa(), padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32)))


def countersigned_by_a_stranger() -> bytes:
    """An unsigned attribute, which anybody may add and nobody may be believed for."""

    def make(digest: bytes) -> bytes:
        other = Recipe(b.self_signed("Mallory Examplesen")).info(digest)
        return Recipe(unsigned=(_attribute("counter_signature", other),))(digest)

    return signed_by(make)


SOUND = (by_hand, by_hand_with_rsa, by_hand_in_the_old_format, by_hand_with_pss, countersigned_by_a_stranger)


# Attacks


def no_signed_attributes() -> bytes:
    """The key signs the document's digest itself: what is signed can be read as something else."""
    return signed_by(Recipe(attributes=lambda _: []))


def no_content_type() -> bytes:
    return signed_by(Recipe(attributes=_without("content_type")))


def another_content_type() -> bytes:
    return signed_by(Recipe(attributes=_instead("content_type", "tst_info")))


def no_message_digest() -> bytes:
    return signed_by(Recipe(attributes=_without("message_digest")))


def another_message_digest() -> bytes:
    """Soundly signed, over something else."""
    return signed_by(Recipe(attributes=_instead("message_digest", b"\x11" * 32)))


def two_message_digests() -> bytes:
    """The right one beside another, in two attributes."""
    return signed_by(Recipe(attributes=lambda attributes: [*attributes, _attribute("message_digest", b"\x11" * 32)]))


def two_values_of_the_message_digest() -> bytes:
    return signed_by(lambda digest: Recipe(attributes=_instead("message_digest", b"\x11" * 32, digest))(digest))


def names_another_certificate() -> bytes:
    """The signing-certificate attribute names somebody else's."""
    return signed_by(Recipe(about=b.office().clinician(b.DESIGNEE)))


def carries_anothers_certificate() -> bytes:
    """A stranger's key, and the PCP's certificate named and enclosed as the signer's."""
    pcp = _pair()
    stranger = KeyPair(b.self_signed().key, pcp.certificate, pcp.chain)
    return signed_by(Recipe(stranger))


def certificate_of_the_same_name_and_number() -> bytes:
    """A stranger's own certificate with issuer and serial number of the PCP's, before the true one."""
    from cryptography import x509

    pcp = _pair()
    stranger = b.self_signed()
    twin = (
        x509.CertificateBuilder()
        .subject_name(pcp.certificate.subject)
        .issuer_name(pcp.certificate.issuer)
        .public_key(stranger.key.public_key())
        .serial_number(pcp.certificate.serial_number)
        .not_valid_before(pcp.certificate.not_valid_before_utc)
        .not_valid_after(pcp.certificate.not_valid_after_utc)
        .sign(stranger.key, hashes.SHA256())
    )
    forged = KeyPair(stranger.key, twin, pcp.chain)
    return signed_by(Recipe(forged, certificates=lambda certificates: [*certificates, _certificate(pcp)]))


def no_certificate() -> bytes:
    return signed_by(Recipe(certificates=lambda _: []))


def no_signer() -> bytes:
    return signed_by(Recipe(signer_infos=lambda _: []))


def two_signers() -> bytes:
    """A stranger's signer information after the PCP's."""
    stranger = b.self_signed("Mallory Examplesen")
    return signed_by(
        lambda digest: Recipe(
            certificates=lambda certificates: [*certificates, _certificate(stranger)],
            signer_infos=lambda infos: [*infos, Recipe(stranger).info(digest)],
        )(digest)
    )


def encloses_what_it_signs() -> bytes:
    """A content of its own inside the value, whose digest is what the key signed."""
    content = b"Something else altogether"
    digest = new_hash("sha256", content).digest()
    return signed_by(Recipe(content=content, attributes=_instead("message_digest", digest)))


def sha1_inside_sha256() -> bytes:
    """The document's digest is SHA-256, and what the key signs is SHA-1."""
    return signed_by(Recipe(_rsa(), signed_with="sha1"))


def md5_value() -> bytes:
    return b.strip_seed_values(lambda data: signed_by(Recipe(_rsa(), digest="md5"), digest="md5", data=data))


def sha1_value() -> bytes:
    return b.strip_seed_values(lambda data: signed_by(Recipe(_rsa(), digest="sha1"), digest="sha1", data=data))


def pss_with_sha1() -> bytes:
    return signed_by(Recipe(_rsa(), signed_with="sha1", padding=padding.PSS(padding.MGF1(hashes.SHA1()), 32)))


def pss_with_another_mask() -> bytes:
    """The mask's digest isn't the one that the method states."""
    return signed_by(Recipe(_rsa(), padding=padding.PSS(padding.MGF1(hashes.SHA1()), 32)))


def pss_with_another_salt() -> bytes:
    """The salt is shorter than the method states."""
    return signed_by(Recipe(_rsa(), padding=padding.PSS(padding.MGF1(hashes.SHA256()), 8)))


def no_signed_data() -> bytes:
    return signed_by(
        lambda _: bytes(
            asn1_cms.ContentInfo({"content_type": "data", "content": core.OctetString(b"I approve.")}).dump()
        )
    )


def value_of_the_seal() -> bytes:
    """The seal's own value, which is sound over other bytes."""
    from cpdocs.signing.difference import Reader

    (seal,) = Reader(b.issued().data).embedded_signatures
    return signed_by(lambda _: bytes(seal.pkcs7_content))


EXPECTED = {
    no_signed_attributes: {"unverifiable"},
    no_content_type: {"unverifiable"},
    another_content_type: {"unverifiable"},
    no_message_digest: {"unverifiable"},
    another_message_digest: {"signature_broken"},
    two_message_digests: {"unverifiable"},
    two_values_of_the_message_digest: {"unverifiable"},
    names_another_certificate: {"unverifiable"},
    carries_anothers_certificate: {"signature_broken"},
    certificate_of_the_same_name_and_number: {"unverifiable"},
    no_certificate: {"unverifiable"},
    no_signer: {"unverifiable"},
    two_signers: {"unverifiable"},
    encloses_what_it_signs: {"unverifiable"},
    sha1_inside_sha256: {"weak_digest"},
    md5_value: {"weak_digest"},
    sha1_value: {"weak_digest"},
    pss_with_sha1: {"weak_digest"},
    pss_with_another_mask: {"signature_broken"},
    pss_with_another_salt: {"signature_broken"},
    no_signed_data: {"unverifiable"},
    value_of_the_seal: {"signature_broken", "same_signature_twice", "seal_in_slot"},
}
"""Each file and the findings that it must at least give."""
