"""From a link, or a picture of its QR code, to what the person is shown."""

from __future__ import annotations

from pathlib import Path

from app.actions.answering import RequestView, view_request
from app.actions.balloting import PollView, view_poll
from app.qr import read_qr_file
from app.requests import PollLink, parse_link
from app.session import Session

__all__ = ["open_link"]


def open_link(session: Session, text: str) -> PollView | RequestView:
    """`text` is an `irisproof://` link as pasted, or the path of a picture with its QR code.

    Raises `InputError` for a picture without one, `EncodingError` for what is no link, `VerificationError` for one of
    another registry or that has expired, and what the chain says of it.
    """
    link = text if text.strip().startswith("irisproof:") else read_qr_file(Path(text.strip()).expanduser())
    wanted = parse_link(link)
    if isinstance(wanted, PollLink):
        wanted.require_for(session.links.endpoints.deployment)
        return view_poll(session, wanted.poll_id)
    return view_request(session, wanted)
