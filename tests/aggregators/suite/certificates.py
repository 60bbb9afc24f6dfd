"""Certificates of an authority of our own, made by openssl."""

import pathlib
import subprocess

from . import place


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True,
                   timeout=place.PATIENCE_SECONDS)


class Certificates:
    """`ca.pem`; `server.pem` and `server.key` for 127.0.0.1, which can be made expired ones."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        _openssl("req", "-x509", *new_key, "-days", "2", "-subj", "/CN=authority",
                 "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem")
        _openssl("req", *new_key, "-subj", "/CN=server",
                 "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.csr")
        (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\n", "ascii")
        self.authority, self.certificate, self.key = (
            str(folder / name) for name in ("ca.pem", "server.pem", "server.key"))
        self.sign()

    def sign(self, expired: bool = False) -> None:
        """Puts another certificate, of the same key, in the place of the one that is there."""
        _openssl("x509", "-req", "-in", f"{self._folder}/server.csr", "-CA", self.authority,
                 "-CAkey", f"{self._folder}/ca.key", "-CAcreateserial",
                 "-extfile", f"{self._folder}/extensions", "-days", "-1" if expired else "2",
                 "-out", f"{self.certificate}.new")
        pathlib.Path(f"{self.certificate}.new").rename(self.certificate)
