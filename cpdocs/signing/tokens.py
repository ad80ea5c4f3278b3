"""Private keys on a PKCS#11 token (a smart card, an HSM): made there or found there, used there, never taken out.

What is given is an *opaque key* of ``cryptography``'s: certificates, lists and signatures are made with it by the same
code as with a key in a file. Each use opens a session, logs in and closes it again, so that nothing stays logged in
between and a token that was pulled out is noticed at once. Needs ``cpdocs[pkcs11]``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric

from cpdocs.core.options import TokenPlace
from cpdocs.errors import InputFault, WorkspaceFault
from cpdocs.system.ownership import may_load, own_settings

if TYPE_CHECKING:
    from cpdocs.signing.keyfiles import PrivateKey

_CURVES: dict[str, ec.EllipticCurve] = {
    "secp256r1": ec.SECP256R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
}
_LEAST_RSA_BITS = 2048
_ONE_AT_A_TIME = threading.RLock()
"""Who is logged in is a token's state for the whole process."""


class TokenUnavailable(WorkspaceFault):
    """The module, the token or the key can't be reached."""


def look_for(place: TokenPlace) -> object | None:
    """The public key with the place's label, as far as the token shows it without a PIN; None where it shows none.

    Raises TokenUnavailable where the module can't be loaded or has no such token, or the token refuses. Changes
    nothing.
    """
    import pkcs11

    with _ONE_AT_A_TIME:
        token = _token(place)
        try:
            with token.open() as session:
                return _public_half(session, place)
        except pkcs11.NoSuchKey:
            return None
        except pkcs11.PKCS11Error as error:
            raise TokenUnavailable(
                f"The token {place.token} refuses ({type(error).__name__}).",
                todo="See what its own tools say, then try again.",
            ) from None


def find_key(place: TokenPlace, pin: bytes) -> PrivateKey | None:
    """The key with the place's label; None where the token has none of that label.

    Raises:
        TokenUnavailable: no module, no such token, several keys of that label, or a token that refuses.
        InputFault: a wrong PIN, or a key of a kind that PDF signatures can't use.
    """
    import pkcs11

    with _session(place, pin) as session:
        try:
            _private(session, place)
        except pkcs11.NoSuchKey:
            return None
        return _opaque(place, pin, _public(session, place))


def make_key(place: TokenPlace, pin: bytes) -> PrivateKey:
    """A new P-256 key under the place's label, which can't leave the token. Raises as ``find_key`` does, and
    TokenUnavailable where there is one of that label already."""
    import pkcs11
    from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

    if find_key(place, pin) is not None:
        raise TokenUnavailable(
            f"The token {place.token} has a key {place.key} already.", todo="Name another label in cpdocs.toml."
        )
    with _session(place, pin, writing=True) as session:
        curve = session.create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
        )
        public, _ = curve.generate_keypair(
            store=True,
            label=place.key,
            private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
        )
        return _opaque(place, pin, serialization.load_der_public_key(encode_ec_public_key(public)))


class _TokenKey:
    """Where an opaque key lies, and how it signs. It has no bytes to give."""

    def __init__(self, place: TokenPlace, pin: bytes) -> None:
        self._place = place
        self._pin = pin

    def _sign(self, data: bytes, mechanism: str) -> bytes:
        import pkcs11

        with _session(self._place, self._pin) as session:
            try:
                key = _private(session, self._place)
            except pkcs11.NoSuchKey:
                raise TokenUnavailable(
                    f"The token {self._place.token} has no key {self._place.key} any more.",
                    todo="Put the right token in.",
                ) from None
            return bytes(key.sign(data, mechanism=getattr(pkcs11.Mechanism, mechanism)))

    def private_numbers(self) -> NoReturn:
        raise TypeError("a key on a token has no numbers to give")

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a key on a token has no bytes to give")


class TokenEcKey(_TokenKey, ec.EllipticCurvePrivateKey):
    """An elliptic curve key on a token. It signs a digest made here, which every token can (CKM_ECDSA)."""

    def __init__(self, place: TokenPlace, pin: bytes, public: ec.EllipticCurvePublicKey) -> None:
        super().__init__(place, pin)
        self._public = public

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        algorithm = signature_algorithm.algorithm
        if isinstance(algorithm, asymmetric.Prehashed):
            digest = bytes(data)
        else:
            running = hashes.Hash(algorithm)
            running.update(data)
            digest = running.finalize()
        raw = self._sign(digest, "ECDSA")
        half = len(raw) // 2
        return asymmetric.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        raise TypeError("this key signs")

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def __copy__(self) -> TokenEcKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> TokenEcKey:
        return self


class TokenRsaKey(_TokenKey, rsa.RSAPrivateKey):
    """An RSA key on a token: PKCS#1 v1.5 over a digest that the token makes."""

    def __init__(self, place: TokenPlace, pin: bytes, public: rsa.RSAPublicKey) -> None:
        super().__init__(place, pin)
        self._public = public

    def sign(self, data: Any, padding_: Any, algorithm: Any) -> bytes:
        if not isinstance(padding_, padding.PKCS1v15) or not isinstance(
            algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512
        ):
            raise TypeError("only PKCS#1 v1.5 with SHA-2")
        return self._sign(bytes(data), f"SHA{algorithm.digest_size * 8}_RSA_PKCS")

    def decrypt(self, ciphertext: bytes, padding: Any) -> NoReturn:
        raise TypeError("this key signs")

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def __copy__(self) -> TokenRsaKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> TokenRsaKey:
        return self


def _opaque(place: TokenPlace, pin: bytes, public: object) -> PrivateKey:
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return TokenEcKey(place, pin, public)
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _LEAST_RSA_BITS:
        return TokenRsaKey(place, pin, public)
    raise InputFault(
        f"The key {place.key} on the token is of a kind that can't be used here.",
        todo="Use P-256, or RSA of 2048 bits.",
    )


@contextmanager
def _session(place: TokenPlace, pin: bytes, *, writing: bool = False) -> Iterator[Any]:
    """An open session, logged in; whatever the token refuses inside is said in words."""
    import pkcs11

    with _ONE_AT_A_TIME:
        token = _token(place)
        try:
            with token.open(user_pin=pin.decode(), rw=writing) as session:
                yield session
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, UnicodeDecodeError):
            raise InputFault(
                f"That PIN does not open the token {place.token}.",
                todo="Try again; a token locks itself after a few wrong PINs.",
            ) from None
        except pkcs11.PinLocked:
            raise TokenUnavailable(
                f"The token {place.token} is locked after too many wrong PINs.",
                todo="Unlock it with its security officer's PIN.",
            ) from None
        except pkcs11.NoSuchKey:
            raise
        except pkcs11.MultipleObjectsReturned:
            raise TokenUnavailable(
                f"The token {place.token} has several keys labelled {place.key}.",
                todo="Give one of them a label of its own.",
            ) from None
        except pkcs11.PKCS11Error as error:
            raise TokenUnavailable(
                f"The token {place.token} refuses ({type(error).__name__}).",
                todo="See what its own tools say, then try again.",
            ) from None


def _token(place: TokenPlace) -> Any:
    try:
        import pkcs11
    except ImportError:
        raise TokenUnavailable(
            "Keys on tokens need a library that isn't installed.", todo="pip install 'cpdocs[pkcs11]'"
        ) from None
    if not may_load(place.module, os.geteuid()):
        raise TokenUnavailable(
            f"The PKCS#11 module {place.module} is not loaded: cpdocs.toml alone names it.",
            todo=(
                "Install it among the system's libraries as root, or name it under `pkcs11_modules` in "
                f"{own_settings(os.geteuid())[-1]}."
            ),
        )
    try:
        module = pkcs11.lib(place.module)
    except (pkcs11.PKCS11Error, RuntimeError, OSError):
        raise TokenUnavailable(
            f"The PKCS#11 module {place.module} can't be loaded.", todo="Check `module` under [token] in cpdocs.toml."
        ) from None
    try:
        return module.get_token(token_label=place.token)
    except pkcs11.NoSuchToken:
        raise TokenUnavailable(
            f"There is no token labelled {place.token}.", todo="Put it in, or correct cpdocs.toml."
        ) from None
    except pkcs11.MultipleTokensReturned:
        raise TokenUnavailable(f"Several tokens are labelled {place.token}.", todo="Leave one of them in.") from None
    except pkcs11.PKCS11Error as error:
        raise TokenUnavailable(
            f"The PKCS#11 module refuses ({type(error).__name__}).", todo="See what its own tools say, then try again."
        ) from None


def _private(session: Any, place: TokenPlace) -> Any:
    import pkcs11

    return session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=place.key)


def _public(session: Any, place: TokenPlace) -> object:
    import pkcs11

    try:
        return _public_half(session, place)
    except pkcs11.NoSuchKey:
        raise TokenUnavailable(
            f"The token {place.token} holds the private key {place.key} without its public key.",
            todo="Write the public key there under the same label.",
        ) from None


def _public_half(session: Any, place: TokenPlace) -> object | None:
    """The public key with the place's label; None where it is of a kind that isn't known here. Raises NoSuchKey."""
    import pkcs11
    from pkcs11.util.ec import encode_ec_public_key
    from pkcs11.util.rsa import encode_rsa_public_key

    public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=place.key)
    if public.key_type is pkcs11.KeyType.EC:
        return serialization.load_der_public_key(encode_ec_public_key(public))
    if public.key_type is pkcs11.KeyType.RSA:
        return serialization.load_der_public_key(_rsa_info(encode_rsa_public_key(public)))
    return None


def _rsa_info(pkcs1: bytes) -> bytes:
    from asn1crypto import keys

    return bytes(keys.PublicKeyInfo.wrap(keys.RSAPublicKey.load(pkcs1), "rsa").dump())
