"""A migration has no limit on a query, whatever its service's own limit is, and works on the member itself."""

from __future__ import annotations

from pathlib import Path

from fournines.services.onhost import schema


def test_every_database_url_of_the_file_loses_its_limits_and_the_proxy_and_nothing_else(tmp_path: Path) -> None:
    conf = tmp_path / "nova.conf"
    url = "mysql+pymysql://nova:s%e$cret@127.0.0.1:3306/"
    conf.write_text(
        "[DEFAULT]\nhost = c1\n"
        f"[api_database]\nconnection = {url}nova_api?charset=utf8&read_timeout=10&write_timeout=10\n"
        f"[database]\nconnection = {url}nova?charset=utf8&connect_timeout=3&read_timeout=2.5&write_timeout=10&x=1\n"
        "[cache]\nenabled = True\n"
    )

    member = "mysql+pymysql://nova:s%e$cret@10.4.1.11:3306/"
    assert schema.patient(str(conf), "10.4.1.11") == {
        "OS_API_DATABASE__CONNECTION": f"{member}nova_api?charset=utf8",
        "OS_DATABASE__CONNECTION": f"{member}nova?charset=utf8&connect_timeout=3&x=1",
    }


def test_a_service_without_such_a_file_has_nothing_to_lose() -> None:
    assert schema.patient("-", "10.4.1.11") == {}
