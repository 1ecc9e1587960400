"""What the Hugging Face hub's client raises, as sentences: offline, unreachable, unknown, gated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from core.errors import NotAllowed, NotFound, TouchstoneError
from core.tuning.hub import HubModel


class HubOffline(NotAllowed):
    """The server is set to stay offline."""

    title = "This server stays offline"


class HubUnreachable(TouchstoneError):
    """The hub does not answer, or answers that it cannot."""

    title = "The hub cannot be reached"


class UnknownHubModel(NotFound):
    """The hub has no such model, or shows it to nobody without a token."""

    title = "There is no such model on the hub"


class GatedHubModel(NotAllowed):
    """The model's owners let in whom they chose."""

    title = "The model's owners must let you in"


@contextmanager
def hub_refusals(model: HubModel, endpoint: str) -> Iterator[None]:
    """Turns what the hub's library raises into sentences."""
    name = f"“{model.hub_id}”"
    try:
        yield
    except OfflineModeIsEnabled:
        raise HubOffline(
            "HF_HUB_OFFLINE is set where the server was started, so nothing is downloaded. Unset "
            "it and start the server again, or copy the model's folder into models/."
        ) from None
    except GatedRepoError:
        raise GatedHubModel(
            f"{name} is gated: its owners give access on its page. Ask for it there, and start the "
            "server with HF_TOKEN set to a token of the account that has it."
        ) from None
    except RevisionNotFoundError:
        raise UnknownHubModel(
            f"{name} has no revision “{model.revision}”. Look its branches and tags up on its page."
        ) from None
    except RepositoryNotFoundError:
        raise UnknownHubModel(
            f"{endpoint} shows no model {name} to this server. Check how it is written; a "
            "private one needs HF_TOKEN where the server is started."
        ) from None
    except HfHubHTTPError as error:
        raise _answered(error.response.status_code, name, endpoint) from error
    except httpx2.TransportError as error:
        raise HubUnreachable(
            f"{endpoint} does not answer ({type(error).__name__}). Check the network, or the "
            "proxy (HTTPS_PROXY), then resume the download: it goes on where it was. Without a "
            "network, copy the model's folder into models/."
        ) from error


def _answered(status: int, name: str, endpoint: str) -> TouchstoneError:
    if status in (401, 403):
        return GatedHubModel(
            f"{endpoint} refuses to hand out {name} (status {status}). Start the server with "
            "HF_TOKEN set to a token that may read it."
        )
    return HubUnreachable(
        f"{endpoint} answered with status {status}. Resume the download later: it goes on where "
        "it was."
    )
