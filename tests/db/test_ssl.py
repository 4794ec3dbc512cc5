"""Encrypted connections, against a server with a certificate that an authority of the test has signed."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from db.embedded_binaries import Binaries, server_user
from db.embedded_cluster import Cluster
from db.errors import Unavailable
from db.pool import DatabaseConfig, connect, open_pool
from tests.fixtures.database import run_apart

ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@dataclass(frozen=True)
class Secured:
    config: DatabaseConfig
    authority: Path
    stranger: Path


def capable() -> Binaries | None:
    """Server programs built with OpenSSL; the embedded ones are not."""
    for directory in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        library = subprocess.run(["ldd", directory / "postgres"], capture_output=True, text=True, check=False).stdout
        if "libssl" in library and (directory / "initdb").exists():
            return Binaries(directory, int(directory.parent.name))
    return None


def certify(place: Path) -> None:
    """An authority, a certificate of it for localhost, and another authority that has signed nothing."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)

    for name in ("ca", "stranger"):
        new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}")
        openssl(*new, "-keyout", f"{name}.key", "-out", f"{name}.crt")
    openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key"),
        *("-out", "server.csr", "-addext", "subjectAltName=DNS:localhost"),
    )
    openssl(
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"),
        *("-copy_extensions", "copy", "-out", "server.crt"),
    )


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    binaries = capable()
    if binaries is None or shutil.which("openssl") is None:
        pytest.skip("there is no PostgreSQL with OpenSSL, or no openssl program, on this machine")
    base = Path(tempfile.mkdtemp(prefix="techops-"))
    base.chmod(0o755)
    user = server_user(base / "data")
    cluster = Cluster(base, binaries, user)
    cluster.create()
    certify(base)
    for name in ("server.key", "server.crt"):
        shutil.move(base / name, cluster.data / name)
        if user is not None:
            shutil.chown(cluster.data / name, user.uid, user.gid)
        (cluster.data / name).chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = (base / "log").open("wb")
    process = subprocess.Popen(
        [binaries.directory / "postgres", "-D", cluster.data, "-p", str(port), "-c", "ssl=on", "-k", ""],
        stdout=log,
        stderr=log,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    config = DatabaseConfig(host="localhost", port=port, name="postgres", user="postgres", password=cluster.password)
    try:
        wait_for(config)
        yield Secured(config, base / "ca.crt", base / "stranger.crt")
    finally:
        process.terminate()
        process.wait(20)
        log.close()
        shutil.rmtree(base)


def wait_for(config: DatabaseConfig) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            run_apart(encrypted(replace(config, ssl="false")))
        except Unavailable:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        else:
            return


async def encrypted(config: DatabaseConfig) -> bool:
    connection = await connect(config)
    try:
        return bool(await connection.fetchval(ENCRYPTED))
    finally:
        await connection.close()


async def test_false_does_not_encrypt(secured: Secured) -> None:
    assert not await encrypted(replace(secured.config, ssl="false"))


async def test_require_encrypts_whoever_signed(secured: Secured) -> None:
    assert await encrypted(replace(secured.config, ssl="require"))


async def test_true_trusts_the_given_authority_alone(secured: Secured) -> None:
    checked = replace(secured.config, ssl="true")
    pool = await open_pool(replace(checked, ssl_root_cert=secured.authority))
    async with pool.acquire() as conn:
        assert await conn.fetchval(ENCRYPTED)
    await pool.close()
    for wrong in (secured.stranger, None):
        with pytest.raises(Unavailable, match="certificate verify failed"):
            await connect(replace(checked, ssl_root_cert=wrong))


async def test_true_checks_the_servers_name(secured: Secured) -> None:
    other_name = replace(secured.config, host="127.0.0.1", ssl="true", ssl_root_cert=secured.authority)
    with pytest.raises(Unavailable, match=r"certificate is not valid for '127.0.0.1'"):
        await connect(other_name)


async def test_an_authority_that_is_not_there_is_named(secured: Secured) -> None:
    with pytest.raises(Unavailable, match=r"/nowhere\.pem"):
        await connect(replace(secured.config, ssl="true", ssl_root_cert=Path("/nowhere.pem")))


async def test_an_address_keeps_its_own_mode(secured: Secured) -> None:
    parts = secured.config
    address = f"postgresql://postgres:{parts.password}@localhost:{parts.port}/postgres"
    assert await encrypted(DatabaseConfig(dsn=f"{address}?sslmode=require"))
    assert not await encrypted(DatabaseConfig(dsn=f"{address}?sslmode=disable"))
    assert await encrypted(DatabaseConfig(dsn=f"{address}?sslmode=verify-full&sslrootcert={secured.authority}"))
    with pytest.raises(Unavailable):
        await connect(DatabaseConfig(dsn=f"{address}?sslmode=verify-full&sslrootcert={secured.stranger}"))
    assert await encrypted(DatabaseConfig(dsn=address, ssl="true", ssl_root_cert=secured.authority))
