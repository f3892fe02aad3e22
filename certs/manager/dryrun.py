"""A whole order at the CA's test system: the real challenges, nothing stored, nothing served."""

from dataclasses import replace

from certs.acme.problem import AcmeProblem, Kind
from certs.events import EventSink
from certs.manager.deploy import NowhereDeployer
from certs.manager.kit import ManagerKit
from certs.manager.parts import Parts
from certs.manager.status import DryRunReport
from certs.spec import Issuer, Lineage, Managed
from certs.store.memory import MemoryStore


async def rehearse(kit: ManagerKit, managed: Managed, sink: EventSink) -> DryRunReport:
    """Order every key type of a certificate. Raises AcmeProblem and StoreError."""
    issuer = _staging_of(kit)
    trial = replace(
        kit,
        settings=replace(kit.settings, issuers=(issuer,)),
        store=MemoryStore(),
        deployer=NowhereDeployer(),
        sink=sink,
    )
    async with Parts(trial) as parts:
        if not (await parts.sessions.directory(issuer)).external_account_required:
            # The binding belongs to the production directory: where none is asked for, it may
            # be refused (RFC 8555 section 7.3.4).
            issuer = replace(issuer, eab_kid=None, eab_hmac_key=None)
        challenges = await parts.preflight.challenges(managed)
        versions = [
            await parts.issuing.obtain(
                managed,
                Lineage(managed.name, key_type),
                issuer,
                challenges,
                current=None,
                is_key_lost=False,
            )
            for key_type in managed.key_types
        ]
    return DryRunReport(
        certificate=managed.name,
        issuer=issuer.name,
        directory=issuer.directory,
        key_types=managed.key_types,
        profile=versions[-1].meta.profile,
        not_after=versions[-1].certificate.not_after,
    )


def _staging_of(kit: ManagerKit) -> Issuer:
    for issuer in kit.settings.issuers:
        if issuer.staging_directory is not None:
            return replace(
                issuer,
                name=f"{issuer.name}-staging",
                directory=issuer.staging_directory,
                staging_directory=issuer.staging_directory,
            )
    names = ", ".join(one.name for one in kit.settings.issuers)
    raise AcmeProblem(
        type="staging",
        detail=f"no test system is known for {names}: add staging_directory to [[acme.issuer]]",
        kind=Kind.CONFIGURATION,
    )
