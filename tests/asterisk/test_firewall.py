"""Rules for nftables that fit the node, and what the environment says of its trunks' secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from asterisk.__main__ import main, node_from_environment
from asterisk.program import Program
from asterisk.render import configuration, firewall

PROGRAM = Program(("/usr/sbin/asterisk",), Path("/modules"), Path("/data"), (22, 10, 1))


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        "EXPERTLINE_ASTERISK_FOLDER": str(folder),
        "EXPERTLINE_TRUNKS": "one=192.0.2.1:5060,two=192.0.2.2:5061/tls",
        "EXPERTLINE_TLS_CERTIFICATE": "/etc/ours.pem",
        "EXPERTLINE_TLS_KEY": "/etc/ours.key",
        "EXPERTLINE_RTP_PORTS": "11000-11999",
    } | more


def test_the_rules_name_the_nodes_own_ports_and_addresses(tmp_path: Path) -> None:
    rules = firewall(node_from_environment(environment(tmp_path)))
    assert "elements = { 192.0.2.1, 192.0.2.2 }" in rules
    assert "dport { 5060, 5061 } meta nfproto ipv4 ip saddr != @trunks4 counter drop" in rules
    assert "udp dport 11000-11999 accept" in rules
    assert "tcp dport 8088 counter drop" in rules
    assert rules.count("{") == rules.count("}")


def test_printing_them_makes_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are printed by root, whose file Asterisk's user could not read."""
    for name, value in environment(tmp_path / "node").items():
        monkeypatch.setenv(name, value)
    assert main(["firewall"]) == 0
    assert not (tmp_path / "node").exists()


def test_with_a_front_the_carriers_are_let_in_all_the_same(tmp_path: Path) -> None:
    more = {"EXPERTLINE_TRUNKS": "one=192.0.2.1:5060,two=192.0.2.2:5061/tcp"}
    more |= {"EXPERTLINE_FRONT_PORTS": "5062-5064", "EXPERTLINE_SIP_HOST": "192.0.2.9"}
    settings = node_from_environment(environment(tmp_path, **more))
    assert settings.known_sources == ("127.0.0.1",)
    assert "elements = { 192.0.2.1, 192.0.2.2 }" in firewall(settings)


def test_a_trunk_by_name_has_no_rules(tmp_path: Path) -> None:
    settings = node_from_environment(environment(tmp_path, EXPERTLINE_TRUNKS="one=sip.example.com"))
    with pytest.raises(ValueError, match="EXPERTLINE_TRUNKS as an address"):
        firewall(settings)
    assert "type = acl" not in configuration(settings, PROGRAM)["pjsip.conf"]


def test_a_login_belongs_to_a_trunk(tmp_path: Path) -> None:
    file = tmp_path / "logins.toml"
    file.write_text('[three]\nuser = "u"\npassword = "secret"\n')
    file.chmod(0o600)
    with pytest.raises(ValueError, match="three is no trunk") as refused:
        node_from_environment(environment(tmp_path, EXPERTLINE_TRUNK_LOGINS=str(file)))
    assert "secret" not in str(refused.value)


def test_a_login_and_a_certificate_reach_asterisk(tmp_path: Path) -> None:
    file = tmp_path / "logins.toml"
    file.write_text('[two]\nuser = "u;v"\npassword = "p;w"\nregister = true\nchallenge = true\n')
    file.chmod(0o600)
    more = {
        "EXPERTLINE_TRUNK_LOGINS": str(file),
        "EXPERTLINE_TLS_CA": "/etc/ca.pem",
        "EXPERTLINE_TLS_KNOWN_CALLERS": "yes",
    }
    lines = configuration(node_from_environment(environment(tmp_path, **more)), PROGRAM)["pjsip.conf"].splitlines()
    for line in (
        "permit = 192.0.2.1", "permit = 192.0.2.2", "ca_list_file = /etc/ca.pem", "verify_server = yes",
        "require_client_cert = yes", "outbound_auth = two-login", "auth = two-login", "username = u\\;v", "password = p\\;w",
        "server_uri = sip:192.0.2.2:5061\\;transport=tls", "contact = sip:192.0.2.2:5061\\;transport=tls",
    ):  # fmt: skip
        assert line in lines


def test_how_many_calls_from_outside_are_taken_at_once(tmp_path: Path) -> None:
    settings = node_from_environment(environment(tmp_path, EXPERTLINE_INBOUND_AT_ONCE="7"))
    assert "${GROUP_COUNT(outside@calls)} < 7]" in configuration(settings, PROGRAM)["extensions.conf"]
    with pytest.raises(ValueError, match="1 or more"):
        node_from_environment(environment(tmp_path, EXPERTLINE_INBOUND_AT_ONCE="0"))
