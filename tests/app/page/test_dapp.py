"""The example dApp takes each person's answer once, to its own request, in time; everything else it tells apart."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from eth_account import Account

from app import actions
from app.dapp.airdrop import Airdrop, deploy_airdrop, open_airdrop
from app.dapp.desk import AlreadyAnswered, Asked, Desk, DeskFull, RequestExpired, RequestUnknown, State
from app.dapp.server import run_example
from app.key_file import read_key
from app.requests import ProofRequest, parse_link
from app.session import Session
from circuits.semaphore import Group, Identity, prove_membership
from circuits.semaphore.verify import verify_membership
from protocol.errors import (
    ChainError,
    ChainUnreachable,
    EncodingError,
    InputError,
    TransactionRefused,
    VerificationError,
)
from protocol.types import MembershipProof
from registry_contract.deployment import ZERO_ADDRESS
from registry_contract.semaphore_abi import proof_to_abi
from tests.app.conftest import Devnet
from tests.app.page.chromium import Browser
from tests.app.people import PASSPHRASE, wait_for
from tests.app.program import COMMAND, Room, start

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]
BASE = "http://127.0.0.1:9"
# fixed: pytest-xdist wants the same parameters in every worker
ADA, BEN = (Account.from_key(bytes([n]) * 32).address for n in (1, 2))


def _passes(_: MembershipProof) -> None:
    """The node's word stands alone: what the program's own verifier adds has a test of its own."""


@dataclass
class Shop:
    """Two dApps that the same member can prove to, and a clock."""

    airdrop: Airdrop
    other: Airdrop
    ada: Session
    now_s: float = field(default_factory=time.time)

    def desk(self, airdrop: Airdrop | None = None, verify: Callable[[MembershipProof], object] = _passes) -> Desk:
        return Desk(airdrop or self.airdrop, clock=lambda: self.now_s, verify=verify)

    def answer(self, request: ProofRequest) -> dict[str, Any]:
        """What `irisproof prove` posts, without the version, which the server takes off."""
        made = actions.answer_request(self.ada, request)
        return {name: value for name, value in made.items() if name != "version"}

    def balance(self, address: str) -> int:
        return int(self.airdrop.connection._web3.eth.get_balance(address))


@pytest.fixture
def shop(devnet: Devnet, ada: Session) -> Shop:
    endpoints = devnet.endpoints
    assert endpoints.account_key_file is not None
    account = read_key(endpoints.account_key_file)
    one, other = (deploy_airdrop(endpoints.rpc_url, endpoints.deployment, account) for _ in range(2))
    return Shop(one, other, ada)


def ended(desk: Desk, asked: Asked) -> Asked:
    wait_for(lambda: desk.view(asked.id).state is not State.SUBMITTING, "the submission")
    return desk.view(asked.id)


def test_an_answer_is_taken_once_and_paid_once(shop: Shop) -> None:
    desk = shop.desk()
    asked, again, foreign = desk.ask(ADA, BASE), desk.ask(ADA, BASE), desk.ask(BEN, BASE)
    answer = shop.answer(asked.request)
    with pytest.raises(VerificationError, match="another request, by its signal"):
        desk.take(foreign.id, answer)
    with pytest.raises(TransactionRefused, match="Personhood__ProofInvalid"):  # dressed up as an answer to it
        desk.take(foreign.id, answer | {"signal": "0x" + foreign.request.signal.hex()})
    assert desk.take(asked.id, answer).state is State.SUBMITTING
    done = ended(desk, asked)
    assert (done.state, str(done.nullifier)) == (State.ACCEPTED, answer["proof"]["nullifier"])
    assert shop.balance(ADA) == shop.airdrop.amount_wei > 0
    with pytest.raises(AlreadyAnswered, match="has been answered"):
        desk.take(asked.id, answer)  # replayed
    with pytest.raises(AlreadyAnswered, match="already took part"):
        desk.take(again.id, answer)  # replayed where the same recipient is asked for
    assert desk.view(again.id).state is State.WAITING
    assert shop.balance(ADA) == shop.airdrop.amount_wei
    desk.close()


def test_a_proof_for_another_dapp_is_worth_nothing_here(shop: Shop) -> None:
    here, there = shop.desk(), shop.desk(shop.other)
    asked, elsewhere = here.ask(ADA, BASE), there.ask(ADA, BASE)
    answer = shop.answer(elsewhere.request)
    with pytest.raises(VerificationError, match="another request, by its dapp"):
        here.take(asked.id, answer)
    with pytest.raises(TransactionRefused, match="Personhood__ProofInvalid"):  # its scope is the other's
        here.take(asked.id, answer | {"dapp": asked.request.dapp})
    with pytest.raises(RequestUnknown):
        here.take(elsewhere.id, answer)


def test_a_forged_proof_is_refused_by_the_contract_and_without_it(shop: Shop) -> None:
    """By somebody who is no member; a node that says yes to it is not enough."""
    yes_sayer = replace(shop.airdrop)
    object.__setattr__(yes_sayer, "check_claim", lambda *_: None)
    believing, lying = shop.desk(), shop.desk(yes_sayer, verify_membership)
    asked, own = believing.ask(ADA, BASE), lying.ask(ADA, BASE)
    stranger = Identity(b"nobody's")
    message, action = int.from_bytes(asked.request.signal, "big"), shop.airdrop.action
    abi = proof_to_abi(prove_membership(stranger, Group([stranger.commitment]), message, action.scope))
    answer = _answer(asked, abi)
    with pytest.raises(TransactionRefused, match="Personhood__ProofInvalid"):
        believing.take(asked.id, answer)
    with pytest.raises(VerificationError):
        lying.take(own.id, answer)
    assert lying.view(own.id).state is State.WAITING  # it can still be answered by somebody who means it


def _answer(asked: Asked, abi: dict[str, Any]) -> dict[str, Any]:
    request = asked.request
    return {
        "chain_id": request.chain_id,
        "personhood": request.personhood,
        "dapp": request.dapp,
        "action": "0x" + request.action_id.hex(),
        "signal": "0x" + request.signal.hex(),
        "proof": {"nullifier": str(abi["nullifier"]), "points": [str(point) for point in abi["points"]]},
    }


def test_an_answer_of_another_form_is_refused(shop: Shop) -> None:
    desk = shop.desk()
    asked = desk.ask(ADA, BASE)
    good = _answer(asked, {"nullifier": 5, "points": [1, 2, 3, 4, 5, 6, 7, 8]})
    with pytest.raises(TransactionRefused):  # of the right form, and no proof
        desk.take(asked.id, good)
    scalar_field = 21888242871839275222246405745257275088548364400416034343698204186575808495617
    changes: list[tuple[str, Any]] = [
        ("nullifier", str(5 + scalar_field)),  # a second name of the same one
        ("nullifier", "05"),
        ("nullifier", 5),
        ("nullifier", "-5"),
        ("points", ["1"] * 7),
        ("points", ["1"] * 7 + ["0x1"]),
        ("points", "12345678"),
        ("more", "1"),
    ]
    for name, value in changes:
        changed = deepcopy(good)
        changed["proof"][name] = value
        with pytest.raises(EncodingError):
            desk.take(asked.id, changed)
    for changed in ({}, good | {"proof": []}, good | {"more": 1}, {k: v for k, v in good.items() if k != "dapp"}):
        with pytest.raises(EncodingError, match="missing or unknown names"):
            desk.take(asked.id, changed)
    for name, value in {"chain_id": 1, "personhood": ADA, "action": "0x" + "00" * 32, "dapp": 7}.items():
        with pytest.raises(VerificationError, match=f"by its {name}"):
            desk.take(asked.id, good | {name: value})
    with pytest.raises(VerificationError):
        desk.take(asked.id, good | {"chain_id": float(good["chain_id"])})


def test_an_answer_that_comes_too_late_is_refused_to_the_second(shop: Shop) -> None:
    desk = shop.desk()
    asked = desk.ask(ADA, BASE)
    answer = _answer(asked, {"nullifier": 5, "points": [1, 2, 3, 4, 5, 6, 7, 8]})
    shop.now_s = asked.request.expires_at - 1
    with pytest.raises(TransactionRefused):  # in time, and no proof
        desk.take(asked.id, answer)
    shop.now_s += 1
    with pytest.raises(RequestExpired):
        desk.take(asked.id, answer)
    assert desk.view(asked.id).state is State.EXPIRED
    shop.now_s += 3600
    desk.ask(BEN, BASE)
    with pytest.raises(RequestUnknown):
        desk.take(asked.id, answer)


def test_of_two_answers_at_one_time_one_is_taken(shop: Shop) -> None:
    barrier = threading.Barrier(2, timeout=60)
    desk = shop.desk(verify=lambda _: barrier.wait())  # both have passed the contract's check
    asked, again = desk.ask(ADA, BASE), desk.ask(ADA, BASE)
    answer, outcomes = shop.answer(asked.request), []

    def take(number: str) -> None:
        try:
            outcomes.append(desk.take(number, answer).state)
        except InputError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=take, args=(number,)) for number in (asked.id, again.id)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.close()
    states = sorted(desk.view(one.id).state.value for one in (asked, again))
    assert State.SUBMITTING in outcomes
    assert states in (
        ["accepted", "waiting"],
        ["accepted", "refused"],
    )  # the second came before or after the first's end
    assert shop.balance(shop.airdrop.action.dapp) == 99 * shop.airdrop.amount_wei  # of 100


def test_an_answer_waits_out_a_chain_that_is_gone(shop: Shop) -> None:
    airdrop = replace(shop.airdrop)
    failing = [ChainUnreachable("the transaction was not mined within 120 s")]
    claim = airdrop.claim

    def claim_later(*arguments: Any) -> str:
        if failing:
            raise failing.pop()
        return claim(*arguments)

    object.__setattr__(airdrop, "claim", claim_later)
    desk = shop.desk(airdrop)
    asked = desk.ask(ADA, BASE)
    answer = shop.answer(asked.request)
    desk.take(asked.id, answer)
    assert (ended(desk, asked).state, ended(desk, asked).reason[:9]) == (State.WAITING, "the trans")
    desk.take(asked.id, answer)
    assert ended(desk, asked).state is State.ACCEPTED
    desk.close()


@pytest.mark.parametrize(
    "text", ["", "0x", ADA[2:], ADA[:-1], ADA.swapcase().replace("0X", "0x"), ZERO_ADDRESS, "a.eth"]
)
def test_a_recipient_that_is_none_is_refused(shop: Shop, text: str) -> None:
    with pytest.raises(EncodingError, match="the recipient is"):
        shop.desk().ask(text, BASE)


def test_a_desk_has_room_for_so_many_and_no_more(shop: Shop) -> None:
    desk = shop.desk()
    for _ in range(1000):
        desk.ask(ADA.lower(), BASE)
    with pytest.raises(DeskFull):
        desk.ask(ADA, BASE)


def test_a_contract_of_another_registry_is_not_served(shop: Shop) -> None:
    deployment = replace(shop.ada.links.endpoints.deployment, personhood=shop.ada.links.endpoints.deployment.polls)
    account = shop.airdrop.connection._signer()
    with pytest.raises(ChainError, match="another registry"):
        open_airdrop(shop.airdrop.connection.url, deployment, account, shop.airdrop.action.dapp)
    with pytest.raises(InputError, match="chain 1 is not local"):
        deploy_airdrop(shop.airdrop.connection.url, replace(deployment, chain_id=1), account)


@dataclass(frozen=True)
class Service:
    """`irisproof dapp-example` as a process."""

    url: str

    def post(self, path: str, value: Any = None, **options: Any) -> requests.Response:
        return requests.post(self.url + path, json=value, timeout=60, **options)


@pytest.fixture(scope="module")
def service(devnet: Devnet, ada: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    room = Room.make(tmp_path_factory.mktemp("dapp"))
    with start(room, "dapp-example", "--registry", str(devnet.file)) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert " at http://127.0.0.1:" in line, process.communicate(timeout=60)[1]
        yield Service(line.rsplit(" ", 1)[1].strip())
        process.terminate()
        _, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors
    assert room.left_files() == []


def test_a_person_answers_what_the_page_asks(service: Service, browser: Browser, ada: Session, tmp_path: Path) -> None:
    """By the QR code on the screen, with the command; the same answer a second time is refused."""
    browser.driver.get(service.url)
    browser.one("#recipient").send_keys("nobody")
    browser.one("button[type=submit]").click()
    browser.wait_text("#trouble", "the recipient is no address")
    browser.one("#recipient").clear()
    browser.one("#recipient").send_keys(ADA)
    browser.one("button[type=submit]").click()
    link = browser.wait(lambda: browser.text("#link"), "no link")
    browser.wait_text("#status", "Waiting for the answer")
    assert browser.read_qr("#code svg.qr") == link
    assert browser.one("#open a").get_attribute("href") == link
    assert browser.pale_texts() == []
    request = parse_link(link)
    assert isinstance(request, ProofRequest)
    assert request.reply_url.startswith(f"{service.url}/answers/")
    picture, data = tmp_path / "screen.png", tmp_path / "data"
    browser.driver.save_screenshot(str(picture))

    shutil.copytree(ada.folder, data)  # her vault is open in this process, as in a window
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text(PASSPHRASE.text)
    said = _prove(Room.make(tmp_path), data, "--qr", str(picture), "--send", "--yes", "--passphrase-file", str(secret))
    assert f"answer to:  {service.url.removeprefix('http://')}" in said.stderr
    browser.wait_text("#status", "Accepted: 0.001 ether paid to " + ADA)
    sent = service.post(request.reply_url.removeprefix(service.url), json.loads(said.stdout))
    assert (sent.status_code, sent.json()["error"]) == (409, "the request has been answered")
    with pytest.raises(ChainError, match="said no: the request has been answered"):
        actions.deliver_answer(request, json.loads(said.stdout))
    assert [line for line in browser.complaints() if "favicon" not in line and "400" not in line] == []


def _prove(room: Room, data: Path, *arguments: str) -> Any:
    environment = room.environment() | {"IRISPROOF_DATA": str(data)}
    done = subprocess.run(
        [*COMMAND, "prove", *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_whoever_is_not_meant_is_turned_away(service: Service) -> None:
    ask = {"version": 1, "recipient": ADA}
    made = service.post("/requests", ask)
    assert made.status_code == 201
    place = f"/answers/{made.json()['id']}"
    assert service.post("/requests", ask, headers={"Origin": service.url}).status_code == 201
    for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        assert service.post("/requests", ask, headers=headers).status_code == 403
    for headers in ({"Origin": service.url}, {"Origin": "https://elsewhere.example"}):
        assert service.post(place, {"version": 1}, headers=headers).status_code == 403  # pages do not answer
    for path, method in (("/requests", "POST"), (place, "POST"), (place.replace("answers", "requests"), "GET")):
        foreign = requests.request(
            method, service.url + path, json=ask, headers={"Host": "rebound.example"}, timeout=60
        )
        assert foreign.status_code == 421
    preflight = requests.options(service.url + place, headers={"Origin": "https://elsewhere.example"}, timeout=60)
    assert "Access-Control-Allow-Origin" not in preflight.headers
    assert service.post("/requests", {"version": 1, "recipient": 5}).status_code == 400
    assert service.post("/requests", {"version": 2, "recipient": ADA}).status_code == 400
    assert service.post("/answers/unknown", {"version": 1}).status_code == 404
    assert service.post(place, {"version": 1}).status_code == 400
    assert requests.post(service.url + place, data="{}", timeout=60).status_code == 415
    assert service.post(place, {"version": 1, "x": "y" * 20_000}).status_code == 413
    assert requests.get(f"{service.url}/../app/web.py", timeout=60).status_code == 404
    page = requests.get(service.url, timeout=60)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("dapp", "public_url", "words"),
    [
        (None, "http://dapp.example", "is not https://host"),
        (None, "https://dapp.example/path", "is not https://host"),
        (None, "https://somebody@dapp.example", "is not https://host"),
        ("0x12", None, "is no address"),
        ("0x" + "11" * 20, None, "no contract at"),
    ],
)
def test_a_dapp_that_cannot_be_served_says_why(
    devnet: Devnet, dapp: str | None, public_url: str | None, words: str
) -> None:
    with pytest.raises((InputError, ChainError, EncodingError), match=words):
        run_example(devnet.file, dapp, 0, public_url, print)


def test_a_dapp_without_an_account_says_so(devnet: Devnet, tmp_path: Path) -> None:
    file = tmp_path / "net.json"
    file.write_text(replace(devnet.endpoints, account_key_file=None).to_json())
    with pytest.raises(InputError, match="names no account"):
        run_example(file, None, 0, None, print)
