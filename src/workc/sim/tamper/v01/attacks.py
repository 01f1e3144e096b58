"""All resealed edits of format 0.1, by name; each is sealed up to the proof digest."""

from __future__ import annotations

from workc.sim.tamper.attack import Attacks
from workc.sim.tamper.v01.attacks_documents import DOCUMENT_ATTACKS
from workc.sim.tamper.v01.attacks_events import EVENT_ATTACKS
from workc.sim.tamper.v01.attacks_records import RECORD_ATTACKS
from workc.sim.tamper.v01.draft import Draft

ATTACKS: Attacks[Draft] = {**RECORD_ATTACKS, **EVENT_ATTACKS, **DOCUMENT_ATTACKS}
