"""Who may see which case: challenges by SMS code, one-time receipt codes, access tokens, and the limits on trying.

The rule of this module: what is wrong (number, last four, code, access, or everything) changes neither the answer nor the
work that leads to it. An unknown number is looked up, hashed, challenged and written down like a known one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from qinwen.clock import now
from services_backend.cases import Binding, Challenge, Grant
from services_backend.reference.models import AccessRow, Applicant, AttemptRow, CaseRow, ChallengeRow, ReceiptCodeRow, SmsRow
from services_backend.reference.refusals import Refused, identity_wrong

CODE_LIFE = timedelta(minutes=5)
GRANT_LIFE = timedelta(minutes=15)
ATTEMPT_WINDOW = timedelta(hours=1)
WRONG_CODES = 5


@dataclass(frozen=True)
class Limits:
    """How many tries an hour each key has. A number counts as it was typed, whether it exists or not."""

    number: int = 5
    subject: int = 10
    origin: int = 30
    access: int = 20


def keyed_hash(pepper: str, kind: str, text: str) -> str:
    """Give the keyed hash under which something secret or personal is kept."""
    return hmac.new(pepper.encode(), f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()


def open_challenge(
    session: Session, pepper: str, limits: Limits, number: str, last4: str, subject: str, origin: str
) -> Challenge:
    """Send an SMS code if number and last four belong together; look the same if they don't."""
    keys = (("number", number, limits.number), ("subject", subject, limits.subject), ("origin", origin, limits.origin))
    for kind, value, most in keys:
        count_attempt(session, keyed_hash(pepper, f"try-{kind}", value), most)
    # One row comes back either way: the asked case, or, where there is none, the first one, whose hash then is compared.
    decoy = select(func.min(CaseRow.id)).scalar_subquery()
    row = session.execute(
        select(CaseRow.id, CaseRow.number, Applicant.id, Applicant.id_last4_hash)
        .join(Applicant, Applicant.id == CaseRow.applicant_id)
        .where(or_(CaseRow.number == number, CaseRow.id == decoy))
        .order_by(case((CaseRow.number == number, 0), else_=1))
        .limit(1)
    ).first()
    case_id, found, applicant_id, last4_hash = row or (0, "", 0, "")
    given = keyed_hash(pepper, "last4", last4.upper())
    fits = hmac.compare_digest(given, last4_hash) & hmac.compare_digest(number.encode(), found.encode())
    code = f"{secrets.randbelow(1_000_000):06d}"
    challenge = secrets.token_hex(16)
    expires = now() + CODE_LIFE
    session.add(
        ChallengeRow(
            id=challenge,
            case_id=case_id if fits else None,
            code_hash=keyed_hash(pepper, "code", challenge + code),
            attempts=0,
            used=False,
            expires_at=expires,
        )
    )
    session.add(
        SmsRow(applicant_id=applicant_id if fits else None, text=f"查办件进度的验证码：{code}，5分钟内有效。", at=now())
    )
    return Challenge(challenge, expires)


def answer_challenge(session: Session, pepper: str, challenge: str, code: str) -> Grant:
    """Give access to the case if the SMS code is right; a code works once and dies after five wrong tries.

    Raises:
        Refused: it is not, or too late, or there is no such challenge.
    """
    counted = session.execute(
        update(ChallengeRow)
        .where(ChallengeRow.id == challenge, ChallengeRow.attempts < WRONG_CODES)
        .values(attempts=ChallengeRow.attempts + 1)
    )
    row = session.get(ChallengeRow, challenge)
    given = keyed_hash(pepper, "code", challenge + code)
    right = hmac.compare_digest(given, row.code_hash if row else "")
    fresh = row is not None and not row.used and row.expires_at > now()
    if not (right and fresh and row and row.case_id and counted.rowcount == 1):  # type: ignore[attr-defined]
        raise identity_wrong()
    spent = session.execute(
        update(ChallengeRow).where(ChallengeRow.id == challenge, ChallengeRow.used.is_(False)).values(used=True)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise identity_wrong()
    expires = now() + GRANT_LIFE
    found = session.get_one(CaseRow, row.case_id)
    token, _ = _open_access(session, pepper, found.applicant_id, case_id=found.id, expires=expires)
    return Grant(token, expires)


def bind_by_access(session: Session, pepper: str, access: str, subject: str) -> Binding:
    """Bind a citizen's reference to the applicant whose case the access opens.

    Raises:
        Refused: the access opens nothing.
    """
    row = find_access(session, pepper, access)
    return _bind(session, pepper, row.applicant_id, subject)


def bind_by_code(session: Session, pepper: str, limits: Limits, code: str, subject: str) -> Binding:
    """Bind by the one-time code of a receipt.

    Raises:
        Refused: there is no such code, or it was used, or is too old.
    """
    count_attempt(session, keyed_hash(pepper, "try-bind", subject), limits.subject)
    digest = keyed_hash(pepper, "receipt", code.upper())
    spent = session.execute(
        update(ReceiptCodeRow)
        .where(ReceiptCodeRow.code_hash == digest, ReceiptCodeRow.used.is_(False), ReceiptCodeRow.expires_at > now())
        .values(used=True)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise identity_wrong()
    found = session.get_one(CaseRow, session.get_one(ReceiptCodeRow, digest).case_id)
    return _bind(session, pepper, found.applicant_id, subject)


def unbind(session: Session, pepper: str, access: str) -> None:
    """Forget a binding; one that is not there is as good as forgotten."""
    session.execute(delete(AccessRow).where(AccessRow.token_hash == keyed_hash(pepper, "access", access)))


def find_access(session: Session, pepper: str, access: str) -> AccessRow:
    """Give what an access token opens.

    Raises:
        Refused: nothing, or no more.
    """
    row = session.scalar(select(AccessRow).where(AccessRow.token_hash == keyed_hash(pepper, "access", access)))
    if row is None or (row.expires_at is not None and row.expires_at <= now()):
        raise identity_wrong()
    return row


def open_case(session: Session, pepper: str, limits: Limits, access: str, number: str) -> CaseRow:
    """Give a case, if the access opens it. Wrong tries with one access are limited.

    Raises:
        Refused: it doesn't, or there is no such case.
    """
    digest = keyed_hash(pepper, "access", access)
    found = session.scalar(
        select(CaseRow)
        .join(AccessRow, AccessRow.applicant_id == CaseRow.applicant_id)
        .where(
            AccessRow.token_hash == digest,
            CaseRow.number == number,
            or_(AccessRow.case_id.is_(None), AccessRow.case_id == CaseRow.id),
            or_(AccessRow.expires_at.is_(None), AccessRow.expires_at > now()),
        )
    )
    if found is None:
        count_attempt(session, keyed_hash(pepper, "try-access", access), limits.access)
        raise identity_wrong()
    return found


def count_attempt(session: Session, key: str, most: int) -> None:
    """Count a try for a key.

    Raises:
        Refused: the key had as many tries as it may within the last hour.
    """
    session.add(AttemptRow(key=key, at=now()))
    session.flush()
    since = now() - ATTEMPT_WINDOW
    tries, first = session.execute(
        select(func.count(), func.min(AttemptRow.at)).where(AttemptRow.key == key, AttemptRow.at > since)
    ).one()
    if tries > most:
        wait = int((first - since).total_seconds()) + 1
        # Not kept: what comes after the limit does not make it last longer.
        raise Refused(429, "too_many_attempts", "试的次数太多了，请过一小时再试。", retry_after=wait)


def make_receipt_code(session: Session, pepper: str, case_id: int, life: timedelta = timedelta(days=30)) -> str:
    """Make the one-time binding code of a receipt: ten signs without the ones that look alike."""
    code = "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(10))
    session.add(
        ReceiptCodeRow(code_hash=keyed_hash(pepper, "receipt", code), case_id=case_id, used=False, expires_at=now() + life)
    )
    return code


def purge_expired(session: Session, before: datetime) -> None:
    """Delete challenges, tries, messages and accesses that are over."""
    session.execute(delete(ChallengeRow).where(ChallengeRow.expires_at < before))
    session.execute(delete(AttemptRow).where(AttemptRow.at < before))
    session.execute(delete(SmsRow).where(SmsRow.at < before))
    session.execute(delete(AccessRow).where(AccessRow.expires_at < before))


def mask_name(name: str) -> str:
    """Show the family name only."""
    return name[:1] + "*" * (len(name) - 1)


def _bind(session: Session, pepper: str, applicant_id: int, subject: str) -> Binding:
    session.execute(delete(AccessRow).where(AccessRow.subject == subject))  # one applicant for a citizen
    token, row = _open_access(session, pepper, applicant_id, subject=subject)
    return Binding(row.id, token, mask_name(session.get_one(Applicant, applicant_id).name))


def _open_access(
    session: Session,
    pepper: str,
    applicant_id: int,
    *,
    case_id: int | None = None,
    subject: str | None = None,
    expires: datetime | None = None,
) -> tuple[str, AccessRow]:
    token = secrets.token_urlsafe(32)
    row = AccessRow(
        id=secrets.token_hex(12),
        token_hash=keyed_hash(pepper, "access", token),
        applicant_id=applicant_id,
        case_id=case_id,
        subject=subject,
        expires_at=expires,
    )
    session.add(row)
    session.flush()
    return token, row
