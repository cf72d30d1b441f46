"""Which addresses may be called, and which URLs registered."""

import pytest

from hub.core.networks import is_opened, may_be_called, networks, url_findings
from schemas.errors import Misconfigured

LOOPBACK = networks(["127.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    "address", ["193.166.1.1", "8.8.8.8", "100.63.255.255", "2001:14ba::1", "2a00:1450::1", "::ffff:8.8.8.8"]
)
def test_what_the_internet_routes_is_called(address: str) -> None:
    assert may_be_called(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::"),
        *("10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.0.1"),
        *("169.254.169.254", "fe80::1", "fe80::1%eth0", "fec0::1"),
        *("224.0.0.1", "239.1.1.1", "ff02::1", "ff0e::1"),
        *("240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.88.99.1", "192.0.0.8"),
        *("fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8"),
        *("64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"),
        *("localhost", "127.1", "0x7f000001", "2130706433", "", "8.8.8.8.", "٨.٨.٨.٨"),
    ],
)
def test_what_is_not_public_is_not_called(address: str) -> None:
    assert not may_be_called(address)


def test_an_opened_network_is_called_and_no_other() -> None:
    assert may_be_called("127.0.0.1", LOOPBACK)
    assert may_be_called("::1", LOOPBACK)
    assert may_be_called("::ffff:127.0.0.1", LOOPBACK)
    assert not may_be_called("10.0.0.1", LOOPBACK)
    assert not is_opened("8.8.8.8", LOOPBACK)


def test_a_setting_that_is_no_network_is_named() -> None:
    with pytest.raises(Misconfigured, match="HUB_WEBHOOKS__NETWORKS"):
        networks(["127.0.0.1/8"])


@pytest.mark.parametrize("url", ["https://a.example/x", "https://a.example:8443/x?y=1", "https://8.8.8.8/", "HTTPS://A.example"])
def test_a_good_url(url: str) -> None:
    assert url_findings(url) == ()


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://a.example/", "url-https"),
        ("ftp://a.example/", "url-https"),
        ("https://user:pass@a.example/", "url-user"),
        ("https://a.example/#x", "url-fragment"),
        ("https://a.example:25/", "url-port"),
        ("https://10.0.0.1/", "url-address"),
        ("https://[::1]/", "url-address"),
        ("https://[::ffff:127.0.0.1]/", "url-address"),
        ("https://[::1/", "url"),
        ("https://a.example:99999/", "url"),
        ("https:///nowhere", "url"),
        ("/hook", "url"),
        ("", "url"),
        ("https://a.example/\r\nx: y", "url"),
        ("https://ä.example/", "url"),
        ("https://a.example/" + "a" * 2_000, "url"),
    ],
)
def test_a_bad_url_is_told_why(url: str, rule: str) -> None:
    assert [finding.rule for finding in url_findings(url)] == [rule]


def test_a_finding_repeats_nothing_of_the_url() -> None:
    assert "pass" not in str(url_findings("https://user:pass@a.example/")[0].message).replace("password", "")


def test_plain_http_is_for_opened_networks() -> None:
    assert url_findings("http://127.0.0.1:9999/x", LOOPBACK) == ()
    assert [finding.rule for finding in url_findings("http://10.0.0.1:9999/x", LOOPBACK)] == ["url-address"]
