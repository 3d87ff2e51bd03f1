"""The table of telephones, without any telephone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk.__main__ import node_from_environment
from asterisk.far_end import Behaviour, read_log, table
from asterisk.ports import PortRange
from asterisk.program import Program
from asterisk.render import BadFolder, configuration, render
from asterisk.settings import FarEndSettings, NodeSettings, Trunk
from ivr.settings import Hep
from script.install import choices_of

ROOT = Path(__file__).parents[2]
PROGRAM = Program(("asterisk",), Path("/modules"), Path("/data"), (22, 10, 1))
RTP = PortRange(10_000, 10_999)
FAR_END = FarEndSettings(folder=Path("/run/far"), sip_port=5070, http_port=8089, rtp=RTP)
TRUNK = Trunk("carrier", "192.0.2.1")


def node(*trunks: Trunk) -> NodeSettings:
    return NodeSettings(
        folder=Path("/run/node"), sip_port=5060, http_port=8088, rtp=PortRange(11_000, 11_999), trunks=trunks
    )


def test_the_documentation_shows_the_table() -> None:
    assert table() in (ROOT / "docs/far-end.md").read_text()


def test_each_ending_is_one_telephone() -> None:
    endings = [each.suffix for each in Behaviour]
    assert len(set(endings)) == len(endings)
    assert all(re.fullmatch(r"\d\d", ending) for ending in endings)


@pytest.mark.parametrize("behaviour", list(Behaviour))
def test_a_number_behaves_as_it_was_made(behaviour: Behaviour) -> None:
    assert re.fullmatch(r"1\d{10}", behaviour.number(123))
    assert Behaviour.of(behaviour.number(123)) is behaviour


def test_an_unlisted_ending_accepts() -> None:
    assert Behaviour.of("13912345678") is Behaviour.ACCEPTS


def test_the_dialplan_has_every_telephone() -> None:
    extensions = configuration(FAR_END, PROGRAM)["extensions.conf"]
    for each in Behaviour:
        assert f"exten => {each.suffix},1,NoOp({each.name})" in extensions


def test_the_node_has_no_way_from_inbound_to_outbound() -> None:
    extensions = configuration(node(TRUNK), PROGRAM)["extensions.conf"]
    assert not re.search(r"Dial\(|Originate\(|Local/|include", extensions)


def test_the_password_is_shown_by_no_repr() -> None:
    settings = node(TRUNK)
    assert settings.ari_password not in repr(settings)
    assert settings.ari_password in configuration(settings, PROGRAM)["ari.conf"]


def test_sip_is_copied_to_loopback_only_and_only_where_asked_for() -> None:
    without = configuration(node(TRUNK), PROGRAM)
    assert "hep.conf" not in without
    assert "res_hep" not in without["modules.conf"]
    settings = replace(node(TRUNK), hep_port=9060)
    found = configuration(settings, PROGRAM)
    assert "capture_address = 127.0.0.1:9060" in found["hep.conf"]
    assert "require => res_hep_pjsip.so" in found["modules.conf"]
    assert settings.hep_password in found["hep.conf"]
    assert settings.ari_password not in found["hep.conf"]


@pytest.mark.parametrize("port", [-1, 0, 65_536])
def test_a_port_for_copies_that_is_none(port: int) -> None:
    with pytest.raises(ValueError, match="not a port"):
        replace(node(TRUNK), hep_port=port)


@pytest.mark.parametrize(("said", "port"), [("", 9060), ("9061", 9061), ("0", None)])
def test_the_port_for_copies_of_a_server(tmp_path: Path, said: str, port: int | None) -> None:
    """The same as the worker's, also by default: else nobody hears them, or somebody else."""
    environment = {"EXPERTLINE_HEP_PORT": said, "EXPERTLINE_ASTERISK_FOLDER": str(tmp_path)}
    assert node_from_environment(environment).hep_port == port
    assert choices_of(environment).hep_port == (port or 0)
    assert said or Hep().port == port


@pytest.mark.parametrize("host", ["", "a b", "10.0.0.1\nallow=all", "10.0.0.1;x"])
def test_a_trunk_can_not_smuggle_settings_in(host: str) -> None:
    with pytest.raises(ValueError, match="host"):
        Trunk("carrier", host)


def test_a_value_with_a_line_break_is_refused() -> None:
    settings = NodeSettings(
        folder=Path("/run/node"),
        sip_port=5060,
        http_port=8088,
        rtp=PortRange(11_000, 11_999),
        trunks=(TRUNK,),
        inbound_app="app\nexten => x",
    )
    with pytest.raises(ValueError, match="line break"):
        configuration(settings, PROGRAM)


def test_tls_is_encrypted_and_wants_a_certificate() -> None:
    with pytest.raises(ValueError, match="tls_certificate"):
        node(Trunk("carrier", "192.0.2.1", 5061, "tls"))
    settings = NodeSettings(
        folder=Path("/run/node"),
        sip_port=5060,
        http_port=8088,
        rtp=PortRange(11_000, 11_999),
        trunks=(Trunk("carrier", "192.0.2.1", 5061, "tls"),),
        tls_certificate=Path("/etc/cert.pem"),
        tls_key=Path("/etc/key.pem"),
    )
    assert "media_encryption = sdes" in configuration(settings, PROGRAM)["pjsip.conf"]


@pytest.mark.parametrize("folder", ["/run/a,b", "/run/a b", "relative", "/run/" + "x" * 100])
def test_a_folder_that_can_not_serve_is_named(folder: str) -> None:
    settings = FarEndSettings(folder=Path(folder), sip_port=5070, http_port=8089, rtp=FAR_END.rtp)
    with pytest.raises(BadFolder, match=re.escape(folder)):
        render(settings, PROGRAM)


def test_a_half_written_line_of_the_log_waits(tmp_path: Path) -> None:
    log = tmp_path / "calls.log"
    log.write_text("1795413592.250 13800000101 1795413592.0 pressed 31#\n1795413593.1 138000")
    (event,) = read_log(log)
    assert (event.at, event.number) == (1795413592.25, "13800000101")
    assert (event.event, event.detail) == ("pressed", "31#")
    assert read_log(tmp_path / "none") == ()
