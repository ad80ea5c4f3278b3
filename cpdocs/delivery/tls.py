"""Encrypted connections: verified, TLS 1.2 or later, with a client certificate where the receiver asks for one."""

from __future__ import annotations

import ssl

from cpdocs.delivery.parcel import NothingSent


def client_context(ca_file: str = "", cert_file: str = "", key_file: str = "") -> ssl.SSLContext:
    """A context that verifies the receiver's certificate and name. ``ca_file``: who vouches for it, else the system's
    authorities.

    Raises NothingSent where a file that the settings name can't be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if cert_file:
            context.load_cert_chain(cert_file, key_file)
    except (OSError, ssl.SSLError) as error:
        raise NothingSent(
            "A certificate or key file that the settings name for a target can't be used.",
            todo="Check ca_file, cert_file and key_file of the target in cpdocs.toml.",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def tls_fault(error: ssl.SSLError) -> str:
    """Why an encrypted connection can't be had, for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the receiver's certificate isn't to be trusted ({error.verify_message})."
    return "the receiver speaks no TLS that we accept, or refuses our certificate."
